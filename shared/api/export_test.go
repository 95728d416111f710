package api

import "time"

// SetBodyTimeout shortens the time a body has, for tests that wait for its end.
func (a *API) SetBodyTimeout(d time.Duration) { a.bodyTimeout = d }
