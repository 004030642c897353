/** A problem as the server tells it. */
export class Trouble extends Error {
	constructor(status, code, detail, field) {
		super(detail);
		Object.assign(this, { status, code, field });
	}
}
