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
function confirm({ title, text, ok, reason = true, code = false, amount }) {
  field("title").textContent = title;
  field("text").textContent = text;
  field("ok").textContent = ok;
  field("reason").value = "";
  field("reason").required = reason;
  field("reason-row").hidden = !reason;
  field("code").value = "";
  field("code").required = code;
  field("code-row").hidden = !code;
  field("amount-row").hidden = !amount;
  field("amount").required = Boolean(amount);
  field("amount-label").textContent = amount?.label ?? "";
  for (const name of ["value", "min", "max", "step"]) field("amount")[name] = amount?.[name] ?? "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const agreed = dialog.returnValue === "ok";
      const answers = { reason: field("reason").value.trim(), code: field("code").value.trim(), amount: field("amount").value };
      field("code").value = "";
      resolve(agreed ? answers : undefined);
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
  async arm() {
    const answer = await confirm({
      title: "Arm the desk?",
      text: "It may open trades with money until the time is over, within its caps and while no halt is in force.",
      ok: "Arm",
      code: true,
      amount: { label: "Minutes", value: "480", min: "1", max: "1440", step: "1" },
    });
    if (answer) await post("/api/arm", { decision: identity(), minutes: Number(answer.amount), code: answer.code, reason: answer.reason });
  },
  async disarm() {
    const answer = await confirm({ title: "Disarm the desk?", text: "Nothing is opened until it is armed again. Exits go on.", ok: "Disarm" });
    if (answer) await post("/api/disarm", { decision: identity(), reason: answer.reason });
  },
  async flatten() {
    const answer = await confirm({
      title: "Close every trade?",
      text: "Entries are halted, and what every trade of the desk holds is sold at once. What finds no buyer at the worst price stays open.",
      ok: "Flatten",
      amount: { label: "Worst price in cents", value: "1", min: "0.01", max: "99.99", step: "0.01" },
    });
    if (answer) await post("/api/flatten", { decision: identity(), limit: (Number(answer.amount) / 100).toFixed(4), reason: answer.reason });
  },
  async kill() {
    const answer = await confirm({
      title: "Stop everything that opens?",
      text: "The desk is halted and the guard trips the entry groups at the exchange. Exits go on. To enter again, resume and reset the group.",
      ok: "Kill",
    });
    if (answer) await post("/api/kill", { decision: identity(), reason: answer.reason });
  },
  async resume({ source }) {
    const words = {
      operator: { title: "Resume entries?", text: "Your halt ends. Other halts stay until their own rule ends them.", ok: "Resume" },
      order_group: { title: "Reset the order group?", text: "The exchange takes entries again once the group is reset.", ok: "Reset" },
      reconciliation: { title: "Clear the halt of the comparison?", text: "Books and exchange were found to agree since it began. Other halts stay.", ok: "Clear" },
    };
    const answer = await confirm(words[source]);
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
