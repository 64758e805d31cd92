// What makes the pages handier. All of them can be read, and all of their forms sent, without it.
import { refreshTimes } from "./time.js";
import { startLive } from "./live.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startForms } from "./forms.js";
import { startConfirming } from "./confirm.js";
import { startCopying } from "./copy.js";
import { startTheme } from "./switch.js";
import { startSchedules } from "./schedules.js";

refreshTimes();
startTheme();
startConfirming();
startForms();
startCopying();
startKeys();
startPalette();
startSchedules();
startLive();
