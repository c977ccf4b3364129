// A prediction among options.
import { choices } from "./options.js";
import { mount } from "./predict.js";

export const figure = { open: choices };
