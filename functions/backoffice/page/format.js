// How numbers and times are written. The page is in English; times are in the browser's zone.

const language = document.documentElement.lang;
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

const formats = {
  whole: new Intl.NumberFormat(language, { maximumFractionDigits: 0 }),
  decimal: new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }),
  percent: new Intl.NumberFormat(language, {
    style: "percent", maximumSignificantDigits: 2, maximumFractionDigits: 2, roundingPriority: "lessPrecision",
  }),
  time: new Intl.DateTimeFormat(language, clock),
  seconds: new Intl.DateTimeFormat(language, { ...clock, second: "2-digit" }),
  moment: new Intl.DateTimeFormat(language, { ...clock, day: "numeric", month: "short" }),
  precise: new Intl.DateTimeFormat(language, { ...clock, day: "numeric", month: "short", second: "2-digit" }),
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }),
};

/** A count: 12,345. */
export const whole = (n) => formats.whole.format(n);

/** A measured value, to three digits unless the whole part has more: 0.512, 12.3, 12,345. */
export const decimal = (n) => (Math.abs(n) >= 100 ? formats.whole : formats.decimal).format(n);

/** A length of time in milliseconds: 2.5 ms, 1.7 s. */
export const milliseconds = (n) => (n < 1000 ? `${decimal(n)} ms` : `${decimal(n / 1000)} s`);

/** A part of a total: 12%, 0.03%. An empty total has no parts. */
export function share(part, total) {
  const ratio = total > 0 ? part / total : 0;
  return ratio > 0 && ratio < 0.0001 ? "<0.01%" : formats.percent.format(ratio);
}

/** A time of day: 14:05. */
export const time = (date) => formats.time.format(date);

/** A time of day to the second: 14:05:32. */
export const seconds = (date) => formats.seconds.format(date);

/** A day and a time of day: Nov 26, 14:05. */
export const moment = (date) => formats.moment.format(date);

/** A day and a time of day to the second: Nov 26, 14:05:32. */
export const precise = (date) => formats.precise.format(date);

/** A calendar date such as 2026-11-26, whose zone does not matter: Nov 26, 2026. */
export const date = (text) => formats.date.format(new Date(`${text}T00:00:00Z`));

/** A length of time in seconds: 10 seconds, 1 minute. */
export function duration(length) {
  const [n, unit] = length % 60 === 0 ? [length / 60, "minute"] : [length, "second"];
  return `${whole(n)} ${unit}${n === 1 ? "" : "s"}`;
}
