/* The frame of what is shown before anybody is signed in. */
import type { ReactNode } from 'react';
import css from './Door.module.css';

export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
	return (
		<div className={css.door}>
			<div className={css.panel} aria-hidden="true">
				<p className={css.line}>Someone who knows your name.</p>
			</div>
			<main className={css.main} id="main">
				<div className={css.form}>
					<p className={css.word}>Byname</p>
					<h1 className={css.title}>{title}</h1>
					{lead && <p className={css.lead}>{lead}</p>}
					{children}
				</div>
			</main>
		</div>
	);
}
