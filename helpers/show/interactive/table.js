// Numbers that Python has computed for every setting: one index per control, in their order.
export const lookUp = ({ numbers, controls }, settings) =>
  Object.fromEntries(Object.entries(numbers).map(([name, table]) =>
    [name, controls.reduce((rows, control) => rows[settings[control.name]], table)]));
