import { Icon } from './Icon';
import css from './Alarm.module.css';

/** What went wrong with the form as a whole. */
export function Alarm({ text }: { text: string }) {
	if (!text) return null;
	return (
		<p role="alert" className={css.alarm}>
			<Icon name="open" />
			<span>{text}</span>
		</p>
	);
}
