package mail

import "time"

// SetTimeout changes how long a mail may take.
func (s *Sender) SetTimeout(d time.Duration) { s.timeout = d }
