/* The find field of the start page, so that "/" can go to it from the shell. */
let field: HTMLInputElement | null = null;
export function setFindField(el: HTMLInputElement | null): void {
	field = el;
}
export function focusFind(): void {
	field?.focus();
	field?.select();
}
