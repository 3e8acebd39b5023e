import { resolveLocal } from '@tallywatt/time';

const dayMs = 86_400_000;
const tuesday = 2;

/** The latest Tuesday that is over everywhere, as YYYY-MM-DD: weekday rules then always apply alike. */
export const latestTuesday = (now: Date): string => {
  const day = new Date(now.getTime() - 2 * dayMs);
  while (day.getUTCDay() !== tuesday) day.setTime(day.getTime() - dayMs);
  return day.toISOString().slice(0, 10);
};

/** A wall clock time in Berlin as an instant. */
export const berlinInstant = (day: string, time: string): Date =>
  new Date(resolveLocal(`${day}T${time}:00`, 'Europe/Berlin', 'earlier'));
