import * as ages from "./ages.js";
import * as commands from "./commands.js";
import * as stream from "./stream.js";
import * as tickets from "./tickets.js";

ages.tick();
setInterval(() => ages.tick(), 1000);
commands.start();
tickets.start();
stream.start();
