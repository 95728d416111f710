// Repeated loading: each 10 seconds, less often while it fails, and never while the page is hidden.

const interval = 10_000; // milliseconds
const longest = 160_000;

/** Calls load, a function that returns a promise, again and again between start and stop. */
export class Poll {
  #load;
  #timer;
  #running = false;
  #failures = 0;
  #round = 0; // tells the end of an earlier round from that of the current one

  constructor(load) {
    this.#load = load;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#timer);
      if (this.#running && !document.hidden) {
        this.now();
      }
    });
  }

  start() {
    this.#running = true;
    this.#failures = 0;
    return this.now();
  }

  stop() {
    this.#running = false;
    this.#round++;
    clearTimeout(this.#timer);
  }

  /** Loads at once, and then goes on as before. */
  async now() {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    let wait = interval;
    try {
      await this.#load();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      wait = Math.max(Math.min(interval * 2 ** (this.#failures - 1), longest), 1000 * (error.retryAfter ?? 0));
    }
    if (this.#running && !document.hidden && round === this.#round) {
      this.#timer = setTimeout(() => this.now(), wait);
    }
  }
}
