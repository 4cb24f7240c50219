// Both clocks as the service sees them: the service says them once a second, and in between they run on with the
// browser's running time, market time as fast as the service says.

const body = document.body.dataset;
const base = { market: 0, wall: 0, speed: 1, at: 0 };

export function set(market, wall, speed) {
  base.market = market;
  base.wall = wall;
  base.speed = speed;
  base.at = performance.now();
}

export function now(clock) {
  const elapsed = performance.now() - base.at;
  return clock === "wall" ? base.wall + elapsed : base.market + elapsed * base.speed;
}

set(Number(body.marketMs), Number(body.wallMs), Number(body.speed));

const offset = Number(body.easternOffset) * 60_000;

// 14:40:00 EDT
export function eastern() {
  return `${new Date(now("market") + offset).toISOString().slice(11, 19)} ${body.zone}`;
}
