// The status page: asks /status.json every other second and draws what it says.
"use strict";

const every = 2000;
const $ = (id) => document.getElementById(id);
const history = []; // samples, oldest first
let since = 0;

// element makes <name class=…>…children</name>; text is always text.
function element(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children.filter((c) => c !== undefined));
  return e;
}

function pill(text, mood) {
  return element("span", `pill ${mood}`, text);
}

const moods = { healthy: "good", degraded: "warn", unhealthy: "bad", closed: "good", "half-open": "warn", open: "bad" };
const breakers = ["closed", "half-open", "open"];

function figure(value, unit) {
  return element("p", "figure", value, " ", element("small", "", unit));
}

function rate(n) {
  return n >= 100 ? n.toFixed(0) : n >= 0.05 ? n.toFixed(1) : "0";
}

// chart draws one line a series over the last minutes, its own scale beneath.
function chart(label, series, open = () => false) {
  const width = 300, height = 56, slots = Math.max(2, window.slots ?? 150);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  const top = Math.max(1, ...series.flatMap((s) => history.map(s.value)));
  const x = (i) => width - ((history.length - 1 - i) * width) / (slots - 1);
  const y = (v) => height - (v / top) * (height - 4);
  svg.append(svgElement("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }));
  history.forEach((s, i) => {
    if (open(s)) svg.append(svgElement("rect", { class: "open", x: x(i - 1), y: 0, width: width / (slots - 1), height }));
  });
  for (const s of series) {
    const points = history.map((h, i) => `${x(i).toFixed(1)},${y(s.value(h)).toFixed(1)}`);
    if (points.length < 2 || (s.mood && !history.some(s.value))) continue;
    svg.append(svgElement("polygon", { class: `area ${s.mood ?? ""}`, points: `${x(0)},${height} ${points.join(" ")} ${width},${height}` }));
    svg.append(svgElement("polyline", { class: `line ${s.mood ?? ""}`, points: points.join(" ") }));
  }
  const minutes = Math.round((slots * every) / 60000);
  return [svg, element("p", "scale", element("span", "", `${minutes} min ago`), element("span", "", `peak ${rate(top)}`), element("span", "", "now"))];
}

function svgElement(name, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

function card(title, state, ...children) {
  return element("article", "card", element("h3", "", title, state), ...children);
}

function more(...parts) {
  return element("p", "more", ...parts.map((p) => element("span", "", p)));
}

function gatewayCards(now) {
  return [
    card("Requests", undefined, figure(rate(now.requests), "a second"), more(`${now.active} under way`, `${rate(now.failed)} failed a second`),
      ...chart("Requests a second", [{ value: (s) => s.requests }, { value: (s) => s.failed, mood: "bad" }])),
    card("Latency", undefined, figure(now.p95_ms === undefined ? "–" : now.p95_ms.toFixed(1), "ms at the 95th percentile"), more("of GraphQL and REST requests"),
      ...chart("95th percentile of latency in milliseconds", [{ value: (s) => s.p95_ms ?? 0 }])),
  ];
}

function serviceCard(name, health, now) {
  const breaker = breakers[now?.breaker ?? 0];
  const of = (key) => (s) => s.services[name]?.[key] ?? 0;
  const state = health?.status ?? "unknown";
  return card(name, pill(state, moods[state] ?? ""),
    figure(rate(now?.calls ?? 0), "calls a second"),
    element("p", "more", element("span", "", `${rate(now?.failed ?? 0)} failed a second`), element("span", "", `${now?.in_flight ?? 0} under way`),
      element("span", "", "circuit ", pill(breaker, moods[breaker]))),
    ...chart(`Calls to ${name} a second, and those that failed`, [{ value: of("calls") }, { value: of("failed"), mood: "bad" }], (s) => of("breaker")(s) === 2));
}

function cacheCards(health, now) {
  const looked = now.cache_hits + now.cache_misses;
  const share = looked > 0 ? `${Math.round((100 * now.cache_hits) / looked)}` : "–";
  return [
    card(`In ${health.type}`, pill(health.status, moods[health.status] ?? ""), figure(share, "% of keys found"),
      more(`${rate(now.cache_hits)} found a second`, `${rate(now.cache_misses)} not`),
      ...chart("Keys found in the cache a second, and keys that were not", [{ value: (s) => s.cache_hits }, { value: (s) => s.cache_misses, mood: "bad" }])),
    card("Stand-ins", undefined, figure(rate(now.stale), "stale answers a second"), more("served because a service failed"),
      ...chart("Stale answers a second", [{ value: (s) => s.stale, mood: "bad" }])),
  ];
}

function draw(status) {
  const now = history.at(-1);
  const { health } = status;
  $("overall").textContent = health.status;
  $("overall").className = `pill ${moods[health.status] ?? ""}`;
  if (now) {
    $("gateway-cards").replaceChildren(...gatewayCards(now));
    $("service-cards").replaceChildren(...Object.keys(health.services).sort().map((name) => serviceCard(name, health.services[name], now.services[name])));
    $("cache-cards").replaceChildren(...cacheCards(health.cache, now));
  }
  $("about").textContent = `${health.service} ${health.version}`;
  $("moment").textContent = `as of ${new Date(status.now).toLocaleTimeString()}`;
}

async function ask() {
  try {
    const response = await fetch(`/status.json?since=${since}`);
    const status = await response.json();
    window.slots = status.slots;
    history.push(...status.samples);
    history.splice(0, history.length - status.slots);
    since = history.at(-1)?.t ?? 0;
    draw(status);
  } catch {
    $("overall").textContent = "no answer";
    $("overall").className = "pill bad";
  }
  setTimeout(ask, every);
}

ask();
