//go:build !linux

package spawn

import "syscall"

func atParentDeath(*syscall.SysProcAttr, syscall.Signal) {}
