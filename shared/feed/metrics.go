package feed

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"minifb/shared/password"
	"minifb/shared/store"
)

// Sources are what GET /metrics reads besides what was recorded.
type Sources struct {
	Store     *store.Store
	Passwords *password.Hasher
	// Operations are the method and the path of each route of the area.
	Operations [][2]string
	Schedules  []string // of the area; see api.API.Schedules
}

// sourceTimeout is how long GET /metrics waits for the database.
const sourceTimeout = 2 * time.Second

// buckets are the upper bounds of the histogram's classes, in seconds. A native histogram would need
// none, but Prometheus before 3.8 reads those only if it is told to.
var buckets = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// metrics are what Prometheus reads. All of them have the label function.
type metrics struct {
	registry *prometheus.Registry
	register prometheus.Registerer // adds the label

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	done     *prometheus.CounterVec // by schedules
	success  *prometheus.GaugeVec   // of schedules
}

func newMetrics(area string) *metrics {
	registry := prometheus.NewRegistry()
	m := &metrics{
		registry: registry,
		register: prometheus.WrapRegistererWith(prometheus.Labels{"function": area}, registry),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "minifb_requests_total", Help: "Requests of clients, by route and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "minifb_request_duration_seconds", Help: "Time from a request to the end of its response.",
			Buckets: buckets,
		}, []string{"method", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "minifb_requests_in_flight", Help: "Requests that wait for their response.",
		}),
		done: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "minifb_schedule_done_total", Help: "What the calls of a schedule have done.",
		}, []string{"schedule", "what"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "minifb_schedule_success_timestamp_seconds",
			Help: "When a schedule's last call succeeded; before the first, when the process started.",
		}, []string{"schedule"}),
	}
	m.register.MustRegister(m.requests, m.duration, m.inFlight, m.done, m.success, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// record counts a request, or the call of a schedule.
func (m *metrics) record(r *Request) {
	if r.Schedule != "" {
		for what, n := range r.Done {
			m.done.WithLabelValues(r.Schedule, what).Add(float64(max(0, n)))
		}
		if r.Status == http.StatusOK {
			m.success.WithLabelValues(r.Schedule).SetToCurrentTime()
		}
		return
	}
	m.requests.WithLabelValues(r.Method, r.Route, strconv.Itoa(r.Status)).Inc()
	m.duration.WithLabelValues(r.Method, r.Route).Observe(r.Duration.Seconds())
}

// begin makes what alarms read begin at 0. Prometheus does not see that a counter has increased if it
// finds it increased already.
func (m *metrics) begin(operations [][2]string) {
	for _, o := range operations {
		m.duration.WithLabelValues(o[0], o[1])
		for _, status := range []string{"500", "503", "504"} {
			m.requests.WithLabelValues(o[0], o[1], status)
		}
	}
}

// queue adds what became of a feed's records.
func (m *metrics) queue(name string, sent, dropped func() int64, length func() int) {
	labels := prometheus.Labels{"feed": name}
	m.register.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_feed_sent_total", Help: "Records that a feed's receiver has taken.", ConstLabels: labels,
		}, func() float64 { return float64(sent()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_feed_dropped_total", Help: "Records that a feed has dropped, because its queue was full " +
				"or its receiver did not take them.", ConstLabels: labels,
		}, func() float64 { return float64(dropped()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "minifb_feed_queue_length", Help: "Records that wait to be sent.", ConstLabels: labels,
		}, func() float64 { return float64(length()) }),
	)
}

// Metrics returns the handler of GET /metrics, or nil if metrics are off. It is called once.
func (f *Feeds) Metrics(s Sources) http.Handler {
	if f == nil || f.metrics == nil {
		return nil
	}
	m := f.metrics
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		m.register.MustRegister(g)
		return g
	}
	m.pool(s.Store)
	m.passwords(s.Passwords)
	up := gauge("minifb_database_up", "1 if the database can be reached and its schema fits this release, or else 0.")
	reads := []func(context.Context){func(ctx context.Context) {
		up.Set(0)
		if s.Store.Ready(ctx) == nil {
			up.Set(1)
		}
	}}
	m.begin(s.Operations)
	for _, schedule := range s.Schedules {
		m.success.WithLabelValues(schedule).SetToCurrentTime()
	}
	if len(s.Schedules) > 0 {
		reads = append(reads, m.backlog(s.Store, gauge))
	}
	// An error of one metric must not hide the others.
	handler := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), sourceTimeout)
		defer cancel()
		for _, read := range reads {
			read(ctx)
		}
		handler.ServeHTTP(w, r)
	})
}

// backlog adds what waits for a schedule, and returns how to read it. While the database is out of
// reach, the values stay.
func (m *metrics) backlog(s *store.Store, gauge func(name, help string) prometheus.Gauge) func(context.Context) {
	mails := gauge("minifb_mails_due", "Requests for temporary passwords that should have been mailed by now.")
	oldest := gauge("minifb_mail_oldest_seconds", "Age of the oldest request that still waits for its mail.")
	standing := gauge("minifb_mails_standing", "Requests for temporary passwords that wait for an administrator.")
	accounts := gauge("minifb_accounts_to_sweep", "Deleted accounts whose rows are not yet deleted.")
	return func(ctx context.Context) {
		b, err := s.Backlog(ctx)
		if err != nil {
			return
		}
		mails.Set(float64(b.MailsDue))
		oldest.Set(b.OldestMail.Seconds())
		standing.Set(float64(b.MailsStanding))
		accounts.Set(float64(b.DeletedAccounts))
	}
}

// pool adds the state of the connection pool.
func (m *metrics) pool(s *store.Store) {
	for _, state := range []struct {
		name  string
		value func() int
	}{
		{"in_use", func() int { return s.Pool().InUse }},
		{"idle", func() int { return s.Pool().Idle }},
	} {
		m.register.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "minifb_database_connections", Help: "Open connections for requests to the database.",
			ConstLabels: prometheus.Labels{"state": state.name},
		}, func() float64 { return float64(state.value()) }))
	}
	if s.HasReplica() {
		m.register.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "minifb_replica_in_use", Help: "1 while reads go to the replica, 0 while it is behind or down.",
		}, func() float64 {
			if s.ReplicaInUse() {
				return 1
			}
			return 0
		}))
	}
	m.register.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "minifb_database_connections_max",
			Help: "The most connections that requests may open: one less than DATABASE_POOL.",
		}, func() float64 { return float64(s.Pool().MaxOpenConnections) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_database_waits_total", Help: "How often a request waited for a connection.",
		}, func() float64 { return float64(s.Pool().WaitCount) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_database_wait_seconds_total", Help: "How long requests waited for connections.",
		}, func() float64 { return s.Pool().WaitDuration.Seconds() }),
	)
}

// passwords adds the state of the queue of password hashes.
func (m *metrics) passwords(h *password.Hasher) {
	m.register.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "minifb_password_queue_length", Help: "Password hashes that wait for a processor.",
		}, func() float64 { return float64(h.Queue().Waiting) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_password_waits_total", Help: "Password hashes that had to wait for a processor.",
		}, func() float64 { return float64(h.Queue().Waits) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "minifb_password_refused_total", Help: "Password hashes that were refused: too many " +
				"waited, or the request ended while it waited.",
		}, func() float64 { return float64(h.Queue().Refused) }),
	)
}
