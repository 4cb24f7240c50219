// What the operator asks for. Each is confirmed, carries an identity so that repeating it does nothing twice, and is
// only a promise: what becomes of it arrives with the stream.

const dialog = document.getElementById("confirm");
const field = (name) => document.getElementById(`confirm-${name}`);
const notice = document.getElementById("notice");
let noticeTimer;

function say(text, bad = false) {
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, bad ? 9000 : 4000);
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-rec-desk": "page" },
      body: JSON.stringify(body),
    });
    if (answer.status === 401) {
      location.assign("/login");
    } else if (answer.ok) {
      say("Accepted");
    } else {
      const problem = await answer.json().catch(() => ({}));
      say(`Refused: ${problem.detail ?? answer.statusText}`, true);
    }
  } catch {
    say("No answer. What was asked may have been done; watch the page before asking again.", true);
  }
}

// Resolves to the answers, or to nothing when the operator thinks better of it.
function confirm({ title, text, ok, reason = true }) {
  field("title").textContent = title;
  field("text").textContent = text;
  field("ok").textContent = ok;
  field("reason").value = "";
  field("reason").required = reason;
  field("reason-row").hidden = !reason;
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const agreed = dialog.returnValue === "ok";
      resolve(agreed ? { reason: field("reason").value.trim() } : undefined);
    }, { once: true });
  });
}

// crypto.randomUUID needs a secure context, which a desk in a private network may not have.
function identity() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const actions = {
  async halt() {
    const answer = await confirm({ title: "Halt entries?", text: "Nothing new is opened until you resume. Exits go on.", ok: "Halt" });
    if (answer) await post("/api/halt", { decision: identity(), reason: answer.reason });
  },
  async resume({ source }) {
    const group = source === "order_group";
    const answer = await confirm({
      title: group ? "Reset the order group?" : "Resume entries?",
      text: group ? "The exchange takes entries again once the group is reset." : "Your halt ends. Other halts stay until their own rule ends them.",
      ok: group ? "Reset" : "Resume",
    });
    if (answer) await post("/api/resume", { decision: identity(), source, reason: answer.reason });
  },
  async switch(data, button) {
    const on = button.getAttribute("aria-checked") !== "true";
    const name = data.switch === "auto_entry" ? "auto entry" : "auto stop";
    const text = {
      auto_entry: on ? "The desk opens trades by itself, within its caps." : "The desk opens nothing by itself. Open trades are not touched.",
      auto_stop: on ? "The desk closes trades by itself when a stop rule says so." : "No stop closes a trade any more, the momentum exit included.",
    }[data.switch];
    const answer = await confirm({ title: `Switch ${name} ${on ? "on" : "off"}?`, text, ok: `Switch ${on ? "on" : "off"}`, reason: false });
    if (answer) await post("/api/automation", { decision: identity(), [data.switch]: on });
  },
};

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button) void actions[button.dataset.action]?.(button.dataset, button);
  });
}
