// Ages and countdowns, recomputed from the instants that the page carries. Written the same as `view/format.rs`.

import { eastern, now } from "./clock.js";

function words(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 10) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

function countdown(ms) {
  const left = Math.max(0, Math.floor(ms / 1000));
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function urgency(seconds) {
  if (seconds <= 180) return "final";
  if (seconds <= 300) return "near";
  return seconds <= 900 ? "soon" : "";
}

function refresh(element) {
  const { at, limit, show, clock } = element.dataset;
  const age = now(clock) - Number(at);
  const stale = age > Number(limit);
  write(element, stale ? `stale · ${words(age)}` : age > Number(show) ? words(age) : "");
  element.classList.toggle("is-stale", stale);
  if (element.closest("h2")) {
    element.closest("h2").parentElement.querySelectorAll(":scope > .scroll, :scope > .figures, :scope > .books, :scope > .services")
      .forEach((part) => part.classList.toggle("stale", stale));
  } else {
    element.closest("[data-fresh]")?.classList.toggle("stale", stale);
  }
}

export function tick(root = document) {
  root.querySelectorAll(".age").forEach(refresh);
  root.querySelectorAll("[data-ago]").forEach((element) => write(element, words(now("market") - Number(element.dataset.ago))));
  root.querySelectorAll("[data-until]").forEach((element) => {
    const left = Number(element.dataset.until) - now("market");
    write(element, countdown(left));
    if ("urgency" in element.dataset) element.className = `countdown ${urgency(Math.floor(left / 1000))}`;
  });
  if (root === document) write(document.getElementById("market-clock"), eastern());
}
