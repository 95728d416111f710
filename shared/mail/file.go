package mail

import (
	"context"
	"os"
	"path/filepath"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// store writes a mail to a file of its own, whose name begins with the time and ends with .eml. The
// file appears with all its content or not at all, and has reached the disk when store returns.
func store(ctx context.Context, dir string, m *gomail.Msg, id string) error {
	name := time.Now().UTC().Format("20060102T150405.000000000Z") + "-" + id + ".eml"
	if err := ctx.Err(); err != nil {
		return failure(ctx, "storing the mail", err)
	}
	temporary, err := os.CreateTemp(dir, ".unfinished-*") // with mode 0600
	if err != nil {
		return failure(ctx, "storing the mail", err)
	}
	_, err = m.WriteTo(temporary)
	if err == nil {
		err = temporary.Sync()
	}
	if closing := temporary.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return failure(ctx, "storing the mail", err)
	}
	if err := syncDirectory(dir); err != nil {
		f := failure(ctx, "storing the mail", err)
		f.MaybeDelivered = true
		return f
	}
	return nil
}

// syncDirectory makes sure that the names in a directory have reached the disk.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
