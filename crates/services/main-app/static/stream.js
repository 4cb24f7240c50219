// The live state: each panel's markup as it changes, and both clocks once a second. A service that is silent for
// three seconds counts as lost; the browser asks again until it is back.

import { set } from "./clock.js";
import { tick } from "./ages.js";
import { morph } from "./morph.js";

const LOST_AFTER_MS = 3000;
const RETRY_MS = 2000;
const banner = document.getElementById("connection");
let heard = performance.now();

function hear() {
  heard = performance.now();
  if (!banner.hidden) banner.hidden = true;
}

async function reconnect() {
  try {
    const answer = await fetch("/api/ports", { cache: "no-store" });
    if (answer.status === 401) {
      location.assign("/login");
      return;
    }
  } catch {
    // The service is away: try again.
  }
  setTimeout(connect, RETRY_MS);
}

function connect() {
  const source = new EventSource("/api/stream");
  source.addEventListener("clock", (event) => {
    const { market_ms, wall_ms, speed } = JSON.parse(event.data);
    set(market_ms, wall_ms, speed);
    hear();
  });
  for (const panel of document.querySelectorAll("[data-panel]")) {
    source.addEventListener(panel.id, (event) => {
      hear();
      morph(panel, event.data);
      tick(panel);
    });
  }
  source.addEventListener("error", () => {
    // The browser repeats by itself unless it was refused.
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      void reconnect();
    }
  });
}

export function start() {
  connect();
  setInterval(() => {
    const silent = performance.now() - heard;
    if (silent <= LOST_AFTER_MS) return;
    banner.textContent = `Connection lost for ${Math.round(silent / 1000)} s: what stands here is old`;
    banner.hidden = false;
  }, 500);
}
