// Tickets of orders by hand. Each is a page of its own; where this script runs, it is shown in a dialog over the desk.
// The identity of the request comes with the ticket, so that sending it twice gives the first answer. All arithmetic is
// the service's: a change asks it what the order costs.

import { tick } from "./ages.js";

const dialog = document.getElementById("ticket-dialog");
const PREVIEW_AFTER_MS = 250;
let previewTimer;
let previews = 0;

async function page(path, options) {
  const answer = await fetch(path, options);
  if (answer.redirected && new URL(answer.url).pathname === "/login") location.assign("/login");
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("text/html")) throw new Error((await answer.json()).detail ?? answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function show(ticket) {
  dialog.replaceChildren(ticket);
  if (!dialog.open) dialog.showModal();
  tick(dialog);
  dialog.querySelector("[aria-invalid], input:not([type=hidden]), button, a")?.focus();
}

function complain(text) {
  const message = document.createElement("p");
  message.className = "message";
  message.setAttribute("role", "alert");
  message.textContent = `✗ ${text}`;
  dialog.querySelector(".lost")?.remove();
  message.classList.add("lost");
  dialog.querySelector(".actions")?.before(message);
}

async function open(link) {
  try {
    const ticket = (await page(link.href)).getElementById("ticket");
    if (ticket) show(ticket);
    else location.assign(link.href);
  } catch {
    location.assign(link.href);
  }
}

// What it costs with what stands in the fields now; until that is known, nothing can be sent.
async function preview(form) {
  const number = ++previews;
  const fields = new URLSearchParams(new FormData(form));
  fields.delete("decision");
  fields.delete("reason");
  try {
    const worst = (await page(`${form.dataset.preview}?${fields}`)).getElementById("worst");
    if (number !== previews || !worst) return;
    dialog.querySelector("#worst")?.replaceWith(worst);
    form.querySelector("[data-send]").disabled = false;
  } catch (failure) {
    if (number === previews) complain(failure.message);
  }
}

async function send(form) {
  const button = form.querySelector("[data-send]");
  button.disabled = true;
  try {
    const answer = await page(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    show(answer.getElementById("ticket"));
  } catch {
    button.disabled = false;
    complain("No answer. Pressing again sends the same request: if it was done, nothing is done twice.");
  }
}

export function start() {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[data-ticket]");
    if (link) {
      event.preventDefault();
      void open(link);
    } else if (event.target.closest("[data-cancel]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.preview || event.target.name === "reason") return;
    form.querySelector("[data-send]").disabled = true;
    clearTimeout(previewTimer);
    previewTimer = setTimeout(() => void preview(form), PREVIEW_AFTER_MS);
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!event.target.querySelector("[data-send]").disabled) void send(event.target);
  });
  dialog.addEventListener("close", () => dialog.replaceChildren());
}
