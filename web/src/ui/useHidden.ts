/* What somebody has let go stays out of sight while it can still be undone; then it is sent. */
import { useState } from 'react';
import { toast } from './toasts';

export interface Hidden {
	shown: (id: string) => boolean;
	/** Hides it, says so, and acts when nobody undid it in time; what fails comes back. */
	later: (id: string, text: string, act: () => Promise<unknown>) => void;
}

export function useHidden(): Hidden {
	const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
	const hide = (id: string, is: boolean) =>
		setHidden((s) => {
			const next = new Set(s);
			if (is) next.add(id);
			else next.delete(id);
			return next;
		});
	return {
		shown: (id) => !hidden.has(id),
		later: (id, text, act) => {
			hide(id, true);
			toast.later(
				text,
				() =>
					act().catch((e) => {
						hide(id, false);
						toast.fail(e);
					}),
				() => hide(id, false),
			);
		},
	};
}
