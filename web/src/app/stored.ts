import { useState } from 'react';

/** A choice of how things look, remembered on the device. Never data. */
export function useStored<T extends string>(key: string, otherwise: T): [T, (v: T) => void] {
	const [value, setValue] = useState<T>(() => {
		try {
			return (localStorage.getItem('byname.' + key) as T | null) ?? otherwise;
		} catch {
			return otherwise;
		}
	});
	return [
		value,
		(v) => {
			setValue(v);
			try {
				localStorage.setItem('byname.' + key, v);
			} catch {
				/* for this visit only */
			}
		},
	];
}
