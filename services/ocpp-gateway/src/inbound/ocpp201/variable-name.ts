import { fieldsOf } from '../readable';

const named = (part: unknown): string => {
  const { name, instance } = fieldsOf(part);
  return instance === undefined ? (name as string) : `${name as string}[${instance as string}]`;
};

/** How a variable of a component is called in events: Component[instance]@evse.Variable[instance]. */
export const variableName = (report: unknown): string => {
  const { component, variable } = fieldsOf(report);
  const { id } = fieldsOf(fieldsOf(component)['evse']);
  return `${named(component)}${id === undefined ? '' : `@${id as number}`}.${named(variable)}`;
};
