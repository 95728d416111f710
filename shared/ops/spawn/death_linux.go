package spawn

import "syscall"

func atParentDeath(attr *syscall.SysProcAttr, last syscall.Signal) { attr.Pdeathsig = last }
