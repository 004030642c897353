#include "app/figures.h"

void figures_print(const struct evaluate_figures *f, const char *indent, FILE *out)
{
	fprintf(out, "%s%d records of %d people, %d groups\n", indent, f->records, f->people, f->groups);
	fprintf(out, "%spairs   precision %.4f  recall %.4f  F1 %.4f\n", indent, f->precision, f->recall, f->f1);
	fprintf(out, "%sB³      precision %.4f  recall %.4f  F1 %.4f\n", indent, f->b3_precision, f->b3_recall,
	        f->b3_f1);
	fprintf(out, "%s%.2f false merges per 10,000 groups (%d), %d false splits\n", indent, f->false_merges_10000,
	        f->false_merges, f->false_splits);
	fprintf(out, "%slargest group %d records, largest person %d\n", indent, f->largest_group, f->largest_person);
}

void figures_json(const struct evaluate_figures *f, struct json_writer *w)
{
	jw_object(w);
	jw_ki64(w, "records", f->records);
	jw_ki64(w, "people", f->people);
	jw_ki64(w, "groups", f->groups);
	jw_ki64(w, "true_pairs", f->true_pairs);
	jw_ki64(w, "found_pairs", f->found_pairs);
	jw_ki64(w, "right_pairs", f->right_pairs);
	jw_kf64(w, "precision", f->precision);
	jw_kf64(w, "recall", f->recall);
	jw_kf64(w, "f1", f->f1);
	jw_kf64(w, "b3_precision", f->b3_precision);
	jw_kf64(w, "b3_recall", f->b3_recall);
	jw_kf64(w, "b3_f1", f->b3_f1);
	jw_ki64(w, "false_merges", f->false_merges);
	jw_kf64(w, "false_merges_10000", f->false_merges_10000);
	jw_ki64(w, "false_splits", f->false_splits);
	jw_ki64(w, "largest_group", f->largest_group);
	jw_ki64(w, "largest_person", f->largest_person);
	jw_end_object(w);
}
