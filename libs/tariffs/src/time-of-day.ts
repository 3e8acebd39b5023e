/** A window on the wall clock, in seconds of the day: start-inclusive, end-exclusive, may wrap. */
export type TimeOfDayWindow = Readonly<{ fromSecondOfDay: number; toSecondOfDay: number }>;

/**
 * The window between two HH:MM, each of which may be left out. An end of 00:00 is the end of the
 * day; two equal ones other than 00:00 hold never.
 */
export const timeOfDayWindow = (
  startTime: string | undefined,
  endTime: string | undefined,
): TimeOfDayWindow => {
  const isNever = startTime !== undefined && startTime === endTime && startTime !== '00:00';
  return {
    fromSecondOfDay: isNever ? Infinity : secondOf(startTime ?? '00:00'),
    toSecondOfDay: isNever ? -Infinity : endSecondOf(endTime),
  };
};

const secondOf = (timeOfDay: string): number =>
  Number(timeOfDay.slice(0, 2)) * 3600 + Number(timeOfDay.slice(3, 5)) * 60;

const endSecondOf = (endTime: string | undefined): number =>
  endTime === undefined || endTime === '00:00' ? Infinity : secondOf(endTime);

/** Wrapped windows (22:00 to 06:00) hold on both sides of midnight. */
export const timeOfDayHolds = (
  { fromSecondOfDay, toSecondOfDay }: TimeOfDayWindow,
  second: number,
): boolean =>
  fromSecondOfDay < toSecondOfDay
    ? second >= fromSecondOfDay && second < toSecondOfDay
    : second >= fromSecondOfDay || second < toSecondOfDay;
