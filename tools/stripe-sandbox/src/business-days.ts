const daySeconds = 86_400;

/** 00:00 UTC of the day an instant lies in, in seconds. */
export const startOfDay = (instantSeconds: number): number =>
  instantSeconds - (instantSeconds % daySeconds);

/** 1970-01-01 was a Thursday; 0 is Sunday. */
const weekday = (instantSeconds: number): number =>
  (Math.floor(instantSeconds / daySeconds) + 4) % 7;

/** 00:00 UTC of the day that is so many business days (Monday to Friday) after an instant. */
export const businessDaysAfter = (instantSeconds: number, days: number): number => {
  let day = startOfDay(instantSeconds);
  for (let left = days; left > 0;) {
    day += daySeconds;
    if (weekday(day) !== 0 && weekday(day) !== 6) left -= 1;
  }
  return day;
};
