#include "demo/names.h"
#include "base/str.h"
#include <stdio.h>

/* One word a name: native/latin:other-form. Own tables, from general knowledge of what is common. */
static const char *const male[CULTURES] = {
	[GERMAN] = "Thomas:Tom Michael:Michi Andreas:Andi Stefan:Steffen Christian:Chris Martin Peter Wolfgang:Wolfi "
	           "Jürgen "
	           "Klaus:Nico Matthias:Matze Markus Tobias:Tobi Sebastian:Basti Florian:Flo Maximilian:Max Lukas "
	           "Jonas Felix "
	           "Paul Leon Finn Moritz Benjamin:Ben Johannes:Hannes Alexander:Alex Friedrich:Fritz Heinrich:Heinz "
	           "Jörg Günther "
	           "Björn Götz Rüdiger Uwe Ulrich:Uli",
	[ENGLISH] =
	        "James:Jim Robert:Bob John:Jack Michael:Mike William:Bill David:Dave Richard:Dick Joseph:Joe "
	        "Thomas:Tom "
	        "Charles:Charlie Christopher:Chris Daniel:Dan Matthew:Matt Anthony:Tony Mark Steven:Steve Andrew:Andy "
	        "Edward:Ted George Kenneth:Ken Joshua:Josh Benjamin:Ben Samuel:Sam Gregory:Greg Alexander:Alex "
	        "Patrick:Pat "
	        "Jonathan:Jon Nicholas:Nick Harry Oliver:Ollie Frederick:Fred Hugh Alfred:Alfie Callum Ewan",
	[FRENCH] = "Jean Pierre Michel Philippe:Phil Alain Nicolas:Nico Christophe:Chris Laurent François:Fanfan "
	           "Frédéric:Fred "
	           "Stéphane:Steph Sébastien:Seb Julien:Ju Thomas:Tom Maxime:Max Alexandre:Alex Antoine:Toine "
	           "Guillaume:Guy "
	           "Romain Mathieu:Mat Benoît Jérôme Rémi Théo Hugo Louis Gabriel:Gaby Léon Étienne Noël Gaël",
	[ITALIAN] =
	        "Giuseppe:Beppe Antonio:Toni Giovanni:Gianni Francesco:Checco Mario Luigi:Gigi Andrea Marco "
	        "Alessandro:Sandro "
	        "Roberto:Berto Stefano Paolo Salvatore:Totò Matteo:Teo Lorenzo:Renzo Davide Simone Federico:Fede Luca "
	        "Riccardo:Ricky Nicolò:Nico Domenico:Mimmo Vincenzo:Enzo Emanuele Leonardo:Leo Tommaso:Tommy",
	[POLISH] =
	        "Piotr:Piotrek Krzysztof:Krzysiek Andrzej:Jędrek Tomasz:Tomek Paweł Jan:Janek Michał Marcin Jakub:Kuba "
	        "Adam Łukasz Marek Grzegorz:Grzesiek Mateusz:Mati Wojciech:Wojtek Mariusz Dariusz:Darek "
	        "Zbigniew:Zbyszek "
	        "Stanisław:Staszek Kamil Rafał Sławomir:Sławek Bartosz:Bartek Kacper Szymon",
	[GREEK] = "Γιώργος/Giorgos:George Δημήτρης/Dimitris:Jimmy Κώστας/Kostas:Konstantinos Γιάννης/Giannis:Ioannis "
	          "Νίκος/Nikos:Nikolaos Χρήστος/Christos Παναγιώτης/Panagiotis:Panos Βασίλης/Vasilis:Bill "
	          "Θανάσης/Thanasis "
	          "Μιχάλης/Michalis Αλέξανδρος/Alexandros:Alex Ευάγγελος/Evangelos:Vangelis Σπύρος/Spyros "
	          "Ανδρέας/Andreas "
	          "Στέλιος/Stelios Πέτρος/Petros Ηλίας/Ilias Λευτέρης/Lefteris",
	[TURKISH] = "Mehmet Mustafa:Musti Ahmet Ali Hüseyin Hasan İbrahim:İbo Osman Yusuf Murat Ömer Emre Burak "
	            "Süleyman:Sülo "
	            "Gökhan Kemal Serkan Uğur Çağlar Şahin Cem Barış Tolga Deniz Volkan",
	[VIETNAMESE] = "Minh Anh:Andy Tuấn:Tony Hùng:Henry Dũng Nam Long Quang Huy Đức Thành Phúc:Phil Sơn Hải Bảo "
	               "Khoa Tâm Trung "
	               "Việt Vinh",
	[RUSSIAN] =
	        "Александр/Aleksandr:Sascha Сергей/Sergei:Sergej Дмитрий/Dmitri:Dima Андрей/Andrei:Andrej "
	        "Алексей/Aleksei:Aljoscha "
	        "Максим/Maksim:Max Евгений/Evgeni:Zhenya Иван/Ivan:Vanya Михаил/Mikhail:Mischa Николай/Nikolai:Kolya "
	        "Владимир/Vladimir:Vova Павел/Pavel Роман/Roman Виктор/Viktor Юрий/Yuri:Jurij Игорь/Igor Олег/Oleg "
	        "Константин/Konstantin:Kostya Артём/Artyom Денис/Denis",
	[CHINESE] = "伟/Wei 强/Qiang 磊/Lei 军/Jun 洋/Yang 勇/Yong 杰/Jie 涛/Tao 明/Ming:Michael 超/Chao 刚/Gang "
	            "平/Ping 辉/Hui 鹏/Peng "
	            "志强/Zhiqiang 建国/Jianguo 浩然/Haoran 子轩/Zixuan 宇航/Yuhang:Eric 俊杰/Junjie:Jason",
	[ARABIC] = "محمد/Mohammed:Mohamed أحمد/Ahmad:Ahmed علي/Ali عمر/Omar:Umar خالد/Khaled:Khalid يوسف/Youssef:Yusuf "
	           "حسن/Hassan "
	           "حسين/Hussein:Husain إبراهيم/Ibrahim مصطفى/Mustafa سعيد/Said:Saeed كريم/Karim طارق/Tarek:Tariq "
	           "سامي/Sami فادي/Fadi "
	           "رامي/Rami نبيل/Nabil ماجد/Majed",
	[SPANISH] = "José:Pepe Antonio:Toño Juan:Juancho Manuel:Manolo Francisco:Paco Luis:Lucho Carlos:Carlitos "
	            "Jesús:Chucho "
	            "Miguel Ángel Alejandro:Alex Javier:Javi Rafael:Rafa Fernando:Nando Sergio:Checo Eduardo:Lalo "
	            "Ramón Andrés "
	            "Joaquín:Quino Ignacio:Nacho Óscar",
};
static const char *const female[CULTURES] = {
	[GERMAN] =
	        "Maria:Mia Anna:Anni Ursula:Uschi Monika:Moni Petra Sabine:Bine Katharina:Kathi Andrea Stefanie:Steffi "
	        "Christina:Tina Julia:Jule Susanne:Susi Martina Nicole:Nicki Barbara:Babsi Elisabeth:Lisa Claudia "
	        "Birgit "
	        "Heike Jana Lena Laura Sophie Johanna:Hanna Charlotte:Lotte Emilia:Emmi Franziska:Franzi "
	        "Magdalena:Leni Käthe "
	        "Bärbel Margarete:Grete Theresa:Resi Antonia:Toni Ingrid Renate",
	[ENGLISH] = "Mary:Molly Patricia:Pat Jennifer:Jenny Linda Elizabeth:Liz Barbara:Barb Susan:Sue Jessica:Jess "
	            "Sarah:Sally "
	            "Margaret:Maggie Catherine:Kate Nancy Victoria:Vicky Emily:Em Rebecca:Becky Deborah:Debbie "
	            "Amanda:Mandy "
	            "Stephanie:Steph Christine:Chris Samantha:Sam Charlotte:Lottie Alexandra:Alex Eleanor:Nell "
	            "Abigail:Abby "
	            "Josephine:Jo Madeleine:Maddie Harriet:Hattie Grace Olivia:Liv Isobel:Izzy Florence:Flo "
	            "Rosemary:Rosie Fiona "
	            "Katherine:Kathy Dorothy:Dot",
	[FRENCH] = "Marie Nathalie:Nath Isabelle:Isa Sylvie Catherine:Cathy Françoise:Fanfan Valérie:Val "
	           "Christine:Chris Sandrine "
	           "Céline Stéphanie:Steph Sophie:So Aurélie:Lili Émilie:Mimi Camille:Cam Léa Chloé Manon Hélène:Léna "
	           "Élodie "
	           "Béatrice:Béa Florence:Flo Véronique:Véro Anaïs Mathilde:Math Juliette:Ju Zoé Noémie:No "
	           "Éléonore:Éléo Inès",
	[ITALIAN] =
	        "Maria Anna Giuseppina:Pina Rosa Angela Giovanna:Gianna Teresa:Terry Lucia Francesca:Franci Chiara "
	        "Sara "
	        "Alessandra:Ale Giulia:Giuli Valentina:Vale Federica:Fede Elisabetta:Betta Caterina:Rina Martina Paola "
	        "Silvia Margherita:Rita Beatrice:Bea Eleonora:Nora Ludovica:Ludo Ilaria Noemi",
	[POLISH] = "Anna:Ania Maria:Marysia Katarzyna:Kasia Małgorzata:Gosia Agnieszka:Aga Barbara:Basia Ewa "
	           "Krystyna:Krysia "
	           "Elżbieta:Ela Magdalena:Magda Joanna:Asia Aleksandra:Ola Zofia:Zosia Monika Teresa Natalia "
	           "Karolina:Karola "
	           "Wiktoria:Wika Paulina Justyna Łucja Żaneta Grażyna Dorota Hanna:Hania",
	[GREEK] = "Μαρία/Maria Ελένη/Eleni:Helen Αικατερίνη/Aikaterini:Katerina Βασιλική/Vasiliki:Vaso Σοφία/Sofia "
	          "Αγγελική/Angeliki Γεωργία/Georgia Δήμητρα/Dimitra Κωνσταντίνα/Konstantina:Dina "
	          "Παναγιώτα/Panagiota:Giota "
	          "Ειρήνη/Eirini:Irene Άννα/Anna Ευαγγελία/Evangelia:Litsa Χριστίνα/Christina Ιωάννα/Ioanna "
	          "Αναστασία/Anastasia:Natasa "
	          "Φωτεινή/Foteini Ζωή/Zoi",
	[TURKISH] = "Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Sultan Merve Büşra Esra Gülşen Özlem Derya "
	            "Sevgi Ebru Çiğdem "
	            "Pınar Selin Gamze Melike Tuğba Nur Yasemin",
	[VIETNAMESE] = "Hương:Helen Lan Mai:May Hoa Linh:Linda Thảo Phương Trang Ngọc:Ruby Hạnh Thu Hiền Nga Yến Oanh "
	               "Châu Vy:Vivian "
	               "Tuyết Dung Quỳnh",
	[RUSSIAN] =
	        "Елена/Elena:Lena Ольга/Olga:Olya Наталья/Natalia:Natascha Ирина/Irina:Ira Татьяна/Tatiana:Tanya "
	        "Светлана/Svetlana:Sveta Мария/Maria:Mascha Анна/Anna:Anya Екатерина/Ekaterina:Katya Юлия/Yulia:Julia "
	        "Анастасия/Anastasia:Nastya Марина/Marina Людмила/Lyudmila:Ljuda Галина/Galina Дарья/Darya:Dascha "
	        "Ксения/Ksenia:Xenia "
	        "Полина/Polina Алла/Alla Вера/Vera Надежда/Nadezhda:Nadja",
	[CHINESE] = "芳/Fang 娜/Na 敏/Min 静/Jing 丽/Li:Lily 艳/Yan 娟/Juan 霞/Xia 秀英/Xiuying 桂英/Guiying 婷/Ting "
	            "雪/Xue 玲/Ling 梅/Mei:May "
	            "欣怡/Xinyi:Cindy 梓涵/Zihan 雨桐/Yutong 思雨/Siyu 佳怡/Jiayi 晓燕/Xiaoyan:Sharon",
	[ARABIC] = "فاطمة/Fatima:Fatma عائشة/Aisha:Aicha مريم/Maryam:Mariam زينب/Zainab:Zeinab خديجة/Khadija "
	           "نور/Nour:Noor سارة/Sara ليلى/Layla:Leila "
	           "هدى/Huda:Houda أمل/Amal رنا/Rana سلمى/Salma ياسمين/Yasmin:Yasmine دينا/Dina نادية/Nadia "
	           "منى/Mona:Muna هبة/Hiba رانيا/Rania",
	[SPANISH] = "María:Mari Carmen:Menchu Ana:Anita Isabel:Isa Dolores:Lola Pilar:Pili Teresa:Tere Rosa:Rosita "
	            "Cristina:Cris "
	            "Lucía:Lucy Marta Elena Mercedes:Meche Guadalupe:Lupe Concepción:Concha Sofía:Sofi Inés "
	            "Beatriz:Bea Ángela "
	            "Verónica:Vero Alejandra:Ale Gabriela:Gaby Mónica Raquel",
};
static const char *const family[CULTURES] = {
	[GERMAN] = "Müller Schmidt Schneider Fischer Weber Meyer:Meier Wagner Becker Schulz:Schulze Hoffmann:Hofmann "
	           "Schäfer Koch Bauer "
	           "Richter Klein Wolf:Wolff Schröder Neumann Schwarz Zimmermann Braun Krüger Hofer Hartmann Lange "
	           "Schmitt:Schmid Werner "
	           "Krause Maier:Mayer Lehmann Köhler Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß:Weiss Jung "
	           "Hahn Vogel Friedrich "
	           "Keller Günther Berger Winkler Roth Beck Lorenz Baumann Franke Böhm Simon Ludwig Kraus:Krauß "
	           "Groß:Gross Jäger Brandt "
	           "Haas Graf Dietrich Seidel Kuhn Busch Voigt:Vogt Sauer Arnold Pfeiffer:Pfeifer Ziegler Thoma Engel "
	           "Bergmann Lindner "
	           "Brunner Egger Moser Steiner Gruber Pichler von_Arx von_der_Heyden Zürcher Bühler Frei Gerber Aebi",
	[ENGLISH] =
	        "Smith:Smyth Jones Taylor Brown:Browne Williams Wilson Johnson:Johnston Davies:Davis Robinson Wright "
	        "Thompson:Thomson "
	        "Evans Walker White Roberts Green:Greene Hall Wood Jackson Clarke:Clark Harrison Martin Hughes Edwards "
	        "Turner Hill "
	        "Moore Cooper Ward Morris King Baker Allen:Allan Morgan Lee Harris Scott Young Mitchell "
	        "Phillips:Philips Anderson "
	        "Bell Carter Campbell Stewart:Stuart MacDonald:McDonald O'Brien O'Connor Murphy Kelly:Kelley Reid:Reed "
	        "Fraser Murray "
	        "Grant Russell Fletcher Barnes Pearson Chapman Palmer Holmes Knight Mills Webb Hunt Shaw Gordon "
	        "Ashworth Whitfield "
	        "Hawthorne St_Clair Fitzgerald Lloyd Pemberton Goldberg Cohen:Cohn Rosen Sanders Powell Bryant Hayes",
	[FRENCH] = "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy:Le_Roy Moreau Simon Laurent "
	           "Lefebvre:Lefèvre Michel "
	           "Garcia David Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont:Dupond Lambert "
	           "Bonnet François Martinez "
	           "Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin "
	           "Mathieu:Matthieu Clément Gauthier:Gautier "
	           "Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly "
	           "Roger Noël Meunier "
	           "de_La_Tour Lefort Barbier Brun Brunet Renaud:Renault Le_Gall Pelletier Marchand Carpentier Besnard",
	[ITALIAN] = "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti "
	            "De_Luca:Deluca Mancini Costa "
	            "Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli "
	            "Martini Leone Longo "
	            "Gentile Martinelli Vitale Lombardo Serra Coppola De_Santis D'Angelo:Dangelo Marchetti Parisi "
	            "Villa Conte Ferraro Ferri "
	            "Fabbri Bianco Marini Grasso Valentini Messina Sala D'Amico De_Angelis Gatti Pellegrini Palumbo "
	            "Sanna Farina Rizzi",
	[POLISH] = "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak "
	           "Dąbrowski Kozłowski Jankowski "
	           "Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski "
	           "Król Wieczorek Jabłoński "
	           "Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak "
	           "Górski Witkowski Walczak "
	           "Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak",
	[GREEK] = "Παπαδόπουλος/Papadopoulos Βλάχος/Vlachos Αγγελόπουλος/Angelopoulos Νικολαΐδης/Nikolaidis "
	          "Γεωργίου/Georgiou "
	          "Παπαδάκης/Papadakis Δημητρίου/Dimitriou Οικονόμου/Oikonomou:Economou Παππάς/Pappas "
	          "Καραγιάννης/Karagiannis "
	          "Αντωνίου/Antoniou Μακρής/Makris Κωνσταντίνου/Konstantinou Παπαγεωργίου/Papageorgiou Ιωάννου/Ioannou "
	          "Σαμαράς/Samaras "
	          "Δημόπουλος/Dimopoulos Αλεξίου/Alexiou Λάμπρου/Lamprou:Lambrou Θεοδώρου/Theodorou "
	          "Χατζής/Chatzis:Hatzis "
	          "Παναγόπουλος/Panagopoulos Στεφανίδης/Stefanidis Ξενάκης/Xenakis",
	[TURKISH] = "Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan:Aslan Doğan Kılıç Çetin "
	            "Kara Koç Kurt Özkan Şimşek "
	            "Polat Korkmaz Güneş Erdoğan Aksoy Acar Bulut Taş Uçar Karataş Güler Avcı Tekin Ünal Bozkurt",
	[VIETNAMESE] = "Nguyễn Trần Lê Phạm Hoàng:Huỳnh Phan Vũ:Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trịnh",
	[RUSSIAN] = "Иванов/Ivanov Смирнов/Smirnov Кузнецов/Kuznetsov:Kusnezow Попов/Popov:Popow Васильев/Vasiliev "
	            "Петров/Petrov:Petrow "
	            "Соколов/Sokolov Михайлов/Mikhailov:Michailow Новиков/Novikov Фёдоров/Fedorov "
	            "Морозов/Morozov:Morosow Волков/Volkov:Wolkow "
	            "Алексеев/Alekseev Лебедев/Lebedev Семёнов/Semyonov Егоров/Egorov:Jegorow Павлов/Pavlov "
	            "Козлов/Kozlov Степанов/Stepanov "
	            "Николаев/Nikolaev Орлов/Orlov Никитин/Nikitin Захаров/Zakharov:Sacharow Зайцев/Zaitsev",
	[CHINESE] = "王/Wang:Wong 李/Li:Lee 张/Zhang:Chang 刘/Liu:Lau 陈/Chen:Chan 杨/Yang 赵/Zhao 黄/Huang:Wong "
	            "周/Zhou:Chow 吴/Wu 徐/Xu:Hsu 孙/Sun "
	            "胡/Hu 朱/Zhu 高/Gao 林/Lin:Lam 何/He:Ho 郭/Guo:Kuo 马/Ma 罗/Luo",
	[ARABIC] = "حداد/Haddad خوري/Khoury:Khouri منصور/Mansour صالح/Saleh عباس/Abbas نجار/Najjar حمدان/Hamdan "
	           "العلي/Al-Ali:Alali "
	           "المصري/Al-Masri:Elmasry سليمان/Suleiman:Soliman يوسف/Youssef:Yousef ناصر/Nasser عثمان/Othman:Osman "
	           "شاهين/Shaheen بركات/Barakat "
	           "فارس/Fares درويش/Darwish رحمن/Rahman قاسم/Kassem:Qasim زيدان/Zidane:Zaidan",
	[SPANISH] = "García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Flores Rivera "
	            "Gómez Díaz Cruz Reyes Morales "
	            "Ortiz Gutiérrez Chávez Ramos Ruiz Mendoza Álvarez Jiménez Castillo Vásquez:Vázquez Romero Moreno "
	            "Núñez de_la_Cruz Peña",
};

/* Rarer family names, put together: every beginning with every end. */
static const struct {
	const char *begins, *ends;
} rarer[CULTURES] = {
	[GERMAN] = { "Stein Berg Linden Wald Eich Buch Rosen Grün Hohen Nieder Ober Birken Mühl Feld Schön Kirch Acker "
	             "Brück Haber Weiden",
	             "bauer huber mann meier hofer egger lechner reiter" },
	[ENGLISH] = { "Ash Brad Clif Den Gran Hart Lang Mel Nor Rad Stan Whit Wal Thorn Black Hol Copp Marl Win Ather",
	              "ford ton ley ham well wood by worth" },
	[FRENCH] = { "Beau Mont Clair Val Roche Font Bois Grand Aude Brès Car Dau Lam Mar Vaul Champ",
	             "mont bert ville rieux nay dier" },
	[ITALIAN] = { "Bel Mont Cas Font Vall Torr Guer Pas Mal Cant Bert Cap Zan Fior Mont Brun",
	              "elli ini oni etti asso ucci" },
	[POLISH] = { "Brzoz Lip Sosn Dęb Jod Orł Wilcz Kwiat Zielon Bor Grab Jawor Klon Mal Sad Tarn",
	             "owski icki ański ecki owicz" },
};

/* Splits one list into names; the text is copied once and cut in place. */
static enum result list_load(struct arena *a, const char *text, const char *begins, const char *ends,
                             struct name_list *out, struct error *e)
{
	uint32_t nb = begins ? words_count(begins) : 0, ne = ends ? words_count(ends) : 0;
	struct name *names = arena_array(a, words_count(text) + (size_t)nb * ne, sizeof(*names));
	char *copy = arena_strdup(a, text), *save = NULL;
	if (!names || !copy)
		return error_nomem(e);
	uint32_t i = 0;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		for (char *p = w; *p; p++) {
			if (*p == '_')
				*p = ' ';
		}
		char *nick = strchr(w, ':'), *latin = strchr(w, '/');
		if (nick)
			*nick++ = '\0';
		if (latin)
			*latin++ = '\0';
		names[i++] = (struct name){ w, latin ? latin : w, nick };
	}
	for (uint32_t k = 0; k < nb * ne; k++) {
		char begin[24], end[24];
		words_get(begins, k / ne, begin, sizeof(begin));
		words_get(ends, k % ne, end, sizeof(end));
		const char *name = arena_printf(a, "%s%s", begin, end);
		if (!name)
			return error_nomem(e);
		names[i++] = (struct name){ name, name, NULL };
	}
	*out = (struct name_list){ names, i };
	return OK;
}

enum result names_load(struct arena *a, struct name_tables *out, struct error *e)
{
	struct name_tables t;
	for (int c = 0; c < CULTURES; c++) {
		TRY(list_load(a, male[c], NULL, NULL, &t.male[c], e));
		TRY(list_load(a, female[c], NULL, NULL, &t.female[c], e));
		TRY(list_load(a, family[c], rarer[c].begins, rarer[c].ends, &t.family[c], e));
	}
	*out = t;
	return OK;
}

static bool replace_end(char *s, size_t size, const char *end, const char *with)
{
	size_t n = strlen(s), m = strlen(end);
	if (n < m || strcmp(s + n - m, end) != 0 || n - m + strlen(with) >= size)
		return false;
	strcpy(s + n - m, with);
	return true;
}

void names_feminine(enum culture c, const char *name, bool native, char *out, size_t size)
{
	snprintf(out, size, "%s", name);
	if (c == POLISH) {
		(void)(replace_end(out, size, "ski", "ska") || replace_end(out, size, "cki", "cka"));
	} else if (c == RUSSIAN && native) {
		(void)(replace_end(out, size, "ов", "ова") || replace_end(out, size, "ев", "ева") ||
		       replace_end(out, size, "ин", "ина"));
	} else if (c == RUSSIAN) {
		(void)(replace_end(out, size, "ov", "ova") || replace_end(out, size, "ev", "eva") ||
		       replace_end(out, size, "in", "ina") || replace_end(out, size, "ow", "owa"));
	} else if (c == GREEK && native) {
		(void)(replace_end(out, size, "ος", "ου") || replace_end(out, size, "ης", "η") ||
		       replace_end(out, size, "άς", "ά"));
	} else if (c == GREEK) {
		(void)(replace_end(out, size, "os", "ou") || replace_end(out, size, "is", "i") ||
		       replace_end(out, size, "as", "a"));
	}
}

uint32_t words_count(const char *list)
{
	uint32_t n = 0;
	for (const char *p = list; *p; p++)
		n += *p != ' ' && (p == list || p[-1] == ' ');
	return n;
}

void words_get(const char *list, uint32_t n, char *out, size_t size)
{
	const char *p = list;
	for (; *p; p++) {
		if (*p != ' ' && (p == list || p[-1] == ' ') && n-- == 0)
			break;
	}
	size_t i = 0;
	for (; *p && *p != ' ' && i + 1 < size; p++)
		out[i++] = *p == '_' ? ' ' : *p;
	out[i] = '\0';
}
