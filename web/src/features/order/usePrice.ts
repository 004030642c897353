/* What the server would charge, or give back, as one types. Nothing is kept there. */
import { useEffect, useState } from 'react';
import { api, isAbort, problemText } from '../../api/client';

const WAIT_MS = 120;

/** body null: nothing to ask. */
export function usePrice<T>(path: string, body: object | null): { price: T | undefined; problem: string; asking: boolean } {
	const text = body && JSON.stringify(body);
	const [state, setState] = useState<{ text: string | null; price: T | undefined; problem: string }>({ text: null, price: undefined, problem: '' });
	useEffect(() => {
		if (!text) return;
		const control = new AbortController();
		const timer = setTimeout(() => {
			api.price<T>(path, JSON.parse(text), control.signal)
				.then((price) => setState({ text, price, problem: '' }))
				.catch((e) => {
					if (!isAbort(e) && !control.signal.aborted) setState({ text, price: undefined, problem: problemText(e) });
				});
		}, WAIT_MS);
		return () => {
			clearTimeout(timer);
			control.abort();
		};
	}, [path, text]);
	if (!text) return { price: undefined, problem: '', asking: false };
	/* The last answer stays in sight until the next is there. */
	return { price: state.price, problem: state.text === text ? state.problem : '', asking: state.text !== text };
}
