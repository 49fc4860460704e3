// The status page: asks /status.json every other second and draws what it says. Cards are
// made once; then only their texts and lines change.
"use strict";

const every = 2000; // milliseconds, as the gateway samples
const minute = 30; // samples
const $ = (id) => document.getElementById(id);
const samples = []; // oldest first
let slots = 150;
let since = 0;

// element makes <name class=…>…children</name>; text is always text.
function element(name, className = "", ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

function svgElement(name, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

// say changes a text, if it is another: what is selected or read aloud stays.
function say(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

const moods = { healthy: "good", degraded: "warn", failing: "warn", unhealthy: "bad", closed: "good", "half-open": "warn", open: "bad" };
const breakers = ["closed", "half-open", "open"];

function pill(e, text) {
  say(e, text);
  e.className = `pill ${moods[text.split(":")[0]] ?? ""}`;
}

const rate = (n) => (n >= 100 ? n.toFixed(0) : n >= 0.05 ? n.toFixed(1) : n > 0 ? "< 0.1" : "0");
const time = (t) => new Date(t).toLocaleTimeString();

// Of the last minute: the mean, and the highest value.
const recent = (value) => samples.slice(-minute).map(value);
const mean = (value) => recent(value).reduce((sum, v) => sum + v, 0) / Math.max(1, Math.min(minute, samples.length));
const highest = (value) => Math.max(0, ...recent(value));

// chart has a line for each series over the last minutes, and beneath it the time and value
// at the pointer. It returns its elements and how they are drawn anew.
function chart(label, unit, series, open = () => false) {
  const width = 300, height = 56;
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  const lines = series.map((s) => ({
    ...s,
    area: svgElement("path", { class: `area ${s.mood ?? ""}` }),
    line: svgElement("path", { class: `line ${s.mood ?? ""}` }),
  }));
  const opened = svgElement("path", { class: "open" });
  const at = svgElement("path", { class: "at" });
  svg.append(svgElement("path", { class: "axis", d: `M0 ${height}H${width}` }), opened, ...lines.flatMap((l) => [l.area, l.line]), at);
  const from = element("span"), middle = element("span"), scale = element("p", "scale", from, middle, element("span", "", "now"));

  let pointer; // its place from left to right, 0 to 1, while it is over the chart
  const x = (i) => width - ((samples.length - 1 - i) * width) / (slots - 1);
  const draw = () => {
    const highest = Math.max(0, ...series.flatMap((s) => samples.map(s.value)));
    const top = Math.max(1, highest);
    const y = (v) => height - (v / top) * (height - 4);
    for (const { value, mood, area, line } of lines) {
      const shown = mood && !samples.some(value) ? [] : samples; // what is bad, only if there is any
      const points = shown.map((s, i) => `${x(i).toFixed(1)} ${y(value(s)).toFixed(1)}`).join("L");
      line.setAttribute("d", points && `M${points}`);
      area.setAttribute("d", points && `M${x(0)} ${height}L${points}V${height}Z`);
    }
    opened.setAttribute("d", samples.map((s, i) => (open(s) ? `M${x(i - 1)} 0H${x(i)}V${height}H${x(i - 1)}Z` : "")).join(""));
    say(from, `${Math.round((slots * every) / 60000)} min ago`);
    const i = pointer === undefined ? -1 : samples.length - 1 - Math.round((1 - pointer) * (slots - 1));
    const there = samples[i];
    at.setAttribute("d", there ? `M${x(i)} 0V${height}` : "");
    say(middle, there ? `${time(there.t)}: ${series.map((s) => `${rate(s.value(there))}${s.name ? ` ${s.name}` : ""}`).join(", ")} ${unit}` : `highest ${rate(highest)}`);
  };
  svg.addEventListener("pointermove", (e) => { pointer = e.offsetX / svg.clientWidth; draw(); });
  svg.addEventListener("pointerleave", () => { pointer = undefined; draw(); });
  return { elements: [svg, scale], draw };
}

// card has a title, a state, a figure with its unit, more figures, and a chart. Each of figure,
// more and state gives texts, of the last answer and the samples.
function card(parent, { title, state, figure, unit, more, chart }) {
  const pillOf = element("span", "pill"), heading = element("h3", "", title, ...(state ? [pillOf] : []));
  const value = element("b"), rest = element("p", "more");
  parent.append(element("article", "card", heading, element("p", "figure", value, " ", element("small", "", unit)), rest, ...chart.elements));
  return (status) => {
    if (state) pill(pillOf, state(status));
    say(value, figure(status));
    const texts = more(status);
    while (rest.children.length < texts.length) rest.append(element("span"));
    texts.forEach((text, i) => say(rest.children[i], text));
    chart.draw();
  };
}

const of = (name, key) => (s) => s.services[name]?.[key] ?? 0;

function gatewayCards() {
  const parent = $("gateway-cards");
  return [
    card(parent, {
      title: "Requests", figure: () => rate(mean((s) => s.requests)), unit: "a second",
      more: () => [`${samples.at(-1).active} under way`, `${rate(mean((s) => s.incomplete))} incomplete`, `${rate(mean((s) => s.failed))} failed a second`],
      chart: chart("Requests a second; those answered incompletely, and those that failed", "a second",
        [{ value: (s) => s.requests }, { name: "incomplete", value: (s) => s.incomplete, mood: "warn" }, { name: "failed", value: (s) => s.failed, mood: "bad" }]),
    }),
    card(parent, {
      title: "Latency", figure: () => (samples.some((s) => s.p95_ms !== undefined) ? highest((s) => s.p95_ms ?? 0).toFixed(1) : "–"), unit: "ms at most",
      more: () => ["95th percentile of GraphQL and REST requests, every 2 seconds"],
      chart: chart("95th percentile of latency in milliseconds", "ms", [{ value: (s) => s.p95_ms ?? 0 }]),
    }),
  ];
}

// stateOf is what the calls of a service say, where they say more than its health.
function stateOf(name, health) {
  const calls = mean(of(name, "calls")), failed = mean(of(name, "failed"));
  if (health?.status === "healthy" && failed > 0 && failed >= calls / 20) return `failing: ${Math.round((100 * failed) / calls)} % of calls`;
  return health?.status ?? "unknown";
}

function serviceCard(name) {
  return card($("service-cards"), {
    title: name, state: ({ health }) => stateOf(name, health.services[name]), figure: () => rate(mean(of(name, "calls"))), unit: "calls a second",
    more: () => [`${rate(mean(of(name, "failed")))} failed a second`, `${of(name, "in_flight")(samples.at(-1))} under way`, `circuit ${breakers[of(name, "breaker")(samples.at(-1))]}`],
    chart: chart(`Calls to ${name} a second, and those that failed`, "a second",
      [{ value: of(name, "calls") }, { name: "failed", value: of(name, "failed"), mood: "bad" }], (s) => of(name, "breaker")(s) === 2),
  });
}

function cacheCards({ health }) {
  const parent = $("cache-cards");
  const share = () => {
    const hits = mean((s) => s.cache_hits), all = hits + mean((s) => s.cache_misses);
    return all > 0 ? `${Math.round((100 * hits) / all)}` : "–";
  };
  return [
    card(parent, {
      title: health.cache.type === "redis" ? "In Redis and memory" : "In memory", state: ({ health }) => health.cache.status, figure: share, unit: "% of keys found",
      more: () => [`${rate(mean((s) => s.cache_hits))} found a second`, `${rate(mean((s) => s.cache_misses))} not`],
      chart: chart("Keys found in the cache a second, and keys that were not", "a second", [{ name: "found", value: (s) => s.cache_hits }, { name: "not", value: (s) => s.cache_misses, mood: "warn" }]),
    }),
    card(parent, {
      title: "Stale", figure: () => rate(mean((s) => s.stale)), unit: "stale entries a second",
      more: () => ["served because a service failed"],
      chart: chart("Stale entries served a second", "a second", [{ value: (s) => s.stale, mood: "bad" }]),
    }),
  ];
}

let update; // the cards, once there is something to show

function draw(status) {
  pill($("overall"), status.health.status);
  if (samples.length > 0) {
    update ??= [...gatewayCards(), ...Object.keys(status.health.services).sort().map(serviceCard), ...cacheCards(status)];
    for (const each of update) each(status);
  }
  say($("about"), `${status.health.service} ${status.health.version}`);
  say($("moment"), `as of ${time(status.now)}`);
}

async function ask() {
  try {
    const response = await fetch(`/status.json?since=${since}`, { signal: AbortSignal.timeout(10_000) });
    const status = await response.json();
    slots = status.slots;
    samples.push(...status.samples);
    samples.splice(0, samples.length - slots);
    since = samples.at(-1)?.t ?? 0;
    document.body.classList.remove("gone");
    draw(status);
  } catch {
    document.body.classList.add("gone");
    $("overall").className = "pill bad";
    say($("overall"), "no answer");
  }
  setTimeout(ask, every);
}

ask();
