package api

import "time"

// SetBodyTimeout sets the time that a body may take to arrive.
func (a *API) SetBodyTimeout(d time.Duration) { a.bodyTimeout = d }
