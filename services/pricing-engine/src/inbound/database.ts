/** What Nest gives the controllers that read: the service's own PostgreSQL pool. */
export const database = Symbol('database');
