/* The names, towns and streets that are built in: small tables of our own, of what is common. */
#include "torture_tables.h"

const struct nation_text nation_texts[NATIONS] = {
	[NATION_US] = { .code = "US",
	                .share = 50,
	                .male = "James Robert John Michael William David Richard Joseph Charles Christopher Daniel "
	                        "Matthew Anthony Mark "
	                        "Steven Andrew Kenneth Joshua Kevin Brian Timothy Jason Jeffrey Ryan Gary Nicholas "
	                        "Eric Jonathan Larry "
	                        "Raymond Gregory Samuel Benjamin Patrick Jack Dennis Walter Nathan Carl Harold Douglas "
	                        "Henry Zachary",
	                .female = "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Karen Sarah Margaret "
	                          "Deborah Stephanie "
	                          "Rebecca Laura Sharon Cynthia Kathleen Amy Angela Pamela Nicole Samantha Katherine "
	                          "Christine Catherine "
	                          "Victoria Rachel Carolyn Janet Maria Heather Diane Olivia Julie Joyce Virginia Kelly "
	                          "Christina Joan",
	                .family = "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore "
	                          "Jackson Martin "
	                          "Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott "
	                          "Hill Green Adams "
	                          "Baker Nelson Hall Campbell Mitchell Carter Roberts Turner Phillips Parker Evans "
	                          "Edwards Collins",
	                .stems = "Black Ash Wood Hart Brad Stan Whit Ells Fair Har Lang Mid Nor Pres Rock Thorn West "
	                         "Wind Ched Cran",
	                .ends = "ford ton worth field well ley wood man son more burn bridge ham",
	                .towns = "Springfield/IL/627 Riverton/CA/921 Fairview/TX/750 Madison/WI/537 Georgetown/KY/403 "
	                         "Franklin/TN/370 "
	                         "Salem/OR/973 Bristol/CT/060 Clinton/IA/527 Greenville/SC/296 Arlington/VA/222 "
	                         "Dayton/OH/454 "
	                         "Auburn/AL/368 Milton/MA/021 Newport/RI/028 Oxford/MS/386 Burlington/VT/054 "
	                         "Hudson/NY/125 "
	                         "Jackson/MI/492 Ashland/NE/680 Lebanon/PA/170 Dover/DE/199 Kingston/WA/983 "
	                         "Winchester/NH/034",
	                .post = "##",
	                .number_first = true,
	                .streets = "Main_St Oak_St Pine_Ave Maple_Dr Cedar_Ln Elm_St Washington_Blvd Lake_Rd Hill_St "
	                           "Park_Ave Walnut_St "
	                           "Sunset_Dr Church_St Willow_Ct River_Rd Lincoln_Ave Highland_Ave Cherry_Ln "
	                           "Meadow_Dr 2nd_St 3rd_Ave "
	                           "Jefferson_St Spring_St Center_St Locust_St Franklin_Ave Prospect_St Ridge_Rd "
	                           "Mill_Rd Forest_Dr",
	                .calling = "+1",
	                .trunk = "",
	                .mobile = "",
	                .landline = "",
	                .prefix_m = "Mr",
	                .prefix_f = "Ms" },
	[NATION_GB] = { .code = "GB",
	                .share = 12,
	                .male = "Oliver George Harry Alfie Charlie Arthur Leonard Stanley Albert Edward Reginald "
	                        "Graham Nigel Colin Trevor "
	                        "Stuart Simon Gareth Rhys Callum Hamish Duncan Angus Neil Philip Geoffrey Derek Roger "
	                        "Clive Malcolm",
	                .female = "Amelia Isla Poppy Florence Freya Beatrice Harriet Gemma Hayley Fiona Gillian Hilary "
	                          "Jacqueline Lesley "
	                          "Lorraine Maureen Philippa Rosalind Shirley Tracey Wendy Yvonne Bronwen Imogen "
	                          "Eleanor Charlotte Edith",
	                .family = "Hughes Davies Patel Khan Fletcher Shaw Murray Palmer Webb Cooper Bailey Marshall "
	                          "Fraser Hamilton Burke "
	                          "Chapman Barker Holmes Knight Dixon Fisher Begum Lloyd Pritchard Sutherland "
	                          "Gallagher Whitaker Ainsworth",
	                .stems = "Thwai Bract Cros Den Hey Hol Lang Ald Brock Cald Eck Gar Pen Rams Skel Wal Wor",
	                .ends = "ley den ton thorpe bottom croft by wick shaw ham bank",
	                .towns = "Manchester//M1 Leeds//LS2 Bristol//BS3 Norwich//NR4 Cardiff//CF1 Dundee//DD2 "
	                         "Exeter//EX4 York//YO2 "
	                         "Reading//RG3 Derby//DE2 Bath//BA1 Lincoln//LN5",
	                .post = "# #@@",
	                .number_first = true,
	                .streets = "High_Street Station_Road Victoria_Road Mill_Lane The_Crescent Green_Lane "
	                           "Queens_Road Church_Lane "
	                           "Albert_Terrace Manor_Close Chapel_Street Grange_Avenue Orchard_Way Kings_Drive "
	                           "Windsor_Road Rectory_Row",
	                .calling = "+44",
	                .trunk = "0",
	                .mobile = "77",
	                .landline = "11",
	                .prefix_m = "Mr",
	                .prefix_f = "Mrs" },
	[NATION_DE] = { .code = "DE",
	                .share = 10,
	                .male = "Günter Jörg Rüdiger Björn Kai Uwe Dieter Ralf Bernd Frank Holger Torsten Sven Ingo "
	                        "Hartmut Ludwig Anton "
	                        "Emil Oskar Theodor Jannik Malte Philipp Dominik Götz Sönke Till Volker Eberhard "
	                        "Lothar",
	                .female = "Käthe Bärbel Jördis Ulrike Silke Heike Birgit Petra Sabine Monika Gisela Renate "
	                          "Anja Kerstin Antje Frauke "
	                          "Wiebke Svenja Greta Frieda Mathilda Johanna Luise Marlene Elfriede Hannelore Gudrun "
	                          "Sigrid",
	                .family = "Müller Schröder Schäfer Köhler Krüger Jäger Bäcker Möller König Günther Weiß Groß "
	                          "Voß Becker Hoffmann "
	                          "Richter Wolf Neumann Schwarz Zimmermann Braun Krause Lehmann Walter Vogel Keller "
	                          "Winkler Lorenz Busch",
	                .stems = "Hei Stein Berg Brun Eich Falken Grün Hof Linden Mühl Nieder Ober Rosen Sauer Stolz "
	                         "Wald Wiesen Zell",
	                .ends = "mann bauer meier huber hofer brecht hauser ner ler berg feld bach",
	                .towns = "Hamburg/HH/22 Köln/NW/50 Nürnberg/BY/90 Lübeck/SH/23 Göttingen/NI/37 Würzburg/BY/97 "
	                         "Leipzig/SN/04 "
	                         "Münster/NW/48 Freiburg/BW/79 Kassel/HE/34",
	                .post = "###",
	                .number_first = false,
	                .streets = "Gartenstraße Schillerstr. Bahnhofstraße Am_Mühlbach Lindenallee Goethestraße "
	                           "Kirchweg Rosenweg "
	                           "Hauptstraße Bergstr. Schulgasse Amselweg Ringstraße Dorfplatz Birkenweg Grüner_Weg "
	                           "Königstraße",
	                .calling = "+49",
	                .trunk = "0",
	                .mobile = "17",
	                .landline = "40",
	                .prefix_m = "Herr",
	                .prefix_f = "Frau" },
	[NATION_FR] = { .code = "FR",
	                .share = 7,
	                .male = "Jérôme François René Frédéric Stéphane Benoît Rémi Loïc Thibault Gaël Mickaël Noël "
	                        "Didier Pascal Thierry "
	                        "Guillaume Olivier Bastien Quentin Maxence Théo Raphaël Étienne Armand Fabrice Gérard",
	                .female =
	                        "Hélène Céline Aurélie Mélanie Chloé Zoé Anaïs Joëlle Thérèse Geneviève Françoise "
	                        "Amélie Margaux Camille "
	                        "Manon Sylvie Brigitte Nathalie Delphine Véronique Solène Maëlys Océane Clémence Édith",
	                .family = "Lefèvre Garçon Béranger Hervé Lemaître Gérard Mercier Blanc Guérin Boyer Chevalier "
	                          "Fontaine Rousseau "
	                          "Gauthier Perrin Morin Noël Dumas Brun Charpentier Meunier Deschamps Hébert Marchand "
	                          "Pelletier",
	                .stems = "Mont Beau Clair Ville Roche Font Char Gir Pont Bel Grand Bois",
	                .ends = "ard eau ier neuve ont in ville mont ault oux et",
	                .towns = "Lyon/ARA/690 Orléans/CVL/450 Besançon/BFC/250 Nîmes/OCC/300 Rennes/BRE/350 "
	                         "Lille/HDF/590 Angers/PDL/490",
	                .post = "##",
	                .number_first = true,
	                .streets = "rue_de_la_République rue_Victor_Hugo avenue_Jean_Jaurès place_de_l'Église "
	                           "rue_des_Écoles rue_Pasteur "
	                           "boulevard_Gambetta chemin_des_Vignes allée_des_Tilleuls rue_du_Moulin "
	                           "impasse_des_Lilas rue_Molière",
	                .calling = "+33",
	                .trunk = "0",
	                .mobile = "6",
	                .landline = "4",
	                .prefix_m = "M.",
	                .prefix_f = "Mme" },
	[NATION_ES] = { .code = "ES",
	                .share = 5,
	                .male = "José Jesús Ángel Iñaki Víctor Andrés Rubén Adrián Álvaro Íñigo Joaquín Ramón Tomás "
	                        "Sergio Diego Pablo "
	                        "Javier Fernando Francisco Manuel Rafael Gonzalo",
	                .female = "Lucía Sofía Begoña María_José Inés Mónica Verónica Rocío Concepción Asunción Pilar "
	                          "Carmen Dolores Lourdes "
	                          "Marta Nuria Paloma Beatriz Consuelo Ángela Noemí",
	                .family = "García_López Fernández_Ruiz Muñoz_Díaz Peña_Gil Núñez_Castro Ibáñez_Vega Martín "
	                          "Sánchez Gutiérrez Ortega "
	                          "Rubio Molina Delgado Suárez Ramírez Domínguez Vázquez Serrano Blanco Iglesias "
	                          "Cortés Castaño Ordóñez",
	                .stems = "Val Mon Cas Her Pal Sal Tor Villa Rio Cam",
	                .ends = "verde dero tillo era mares quez ano eras nuevo al",
	                .towns = "Málaga/AN/290 Córdoba/AN/140 León/CL/240 Logroño/RI/260 Valencia/VC/460 "
	                         "Zaragoza/AR/500",
	                .post = "##",
	                .number_first = false,
	                .streets = "Calle_Mayor Calle_del_Sol Avenida_de_la_Constitución Calle_San_Martín Plaza_España "
	                           "Calle_Nueva "
	                           "Paseo_de_la_Peña Calle_Cervantes Ronda_Norte Calle_Jardín Camino_Viejo",
	                .calling = "+34",
	                .trunk = "",
	                .mobile = "6",
	                .landline = "9",
	                .prefix_m = "Sr.",
	                .prefix_f = "Sra." },
	[NATION_PL] = { .code = "PL",
	                .share = 4,
	                .male = "Łukasz Paweł Michał Grzegorz Wojciech Stanisław Zbigniew Tadeusz Jerzy Rafał Jarosław "
	                        "Dawid Bartłomiej "
	                        "Kamil Mateusz Jakub Szymon Przemysław Józef Mirosław",
	                .female = "Małgorzata Agnieszka Katarzyna Elżbieta Grażyna Bożena Żaneta Jadwiga Wiesława "
	                          "Urszula Ewa Zofia Alicja "
	                          "Magdalena Iwona Dorota Beata Renata Wioletta Józefa",
	                .family = "Wiśniewski Wójcik Dąbrowski Zieliński Woźniak Kozłowski Jabłoński Król Wróbel "
	                          "Pawłowski Górski Sikora "
	                          "Bąk Duda Szewczyk Gołąb Mróz Kołodziej Błaszczyk Jasiński Kępa",
	                .stems = "Lipi Sosno Brzo Kali Mali Olsz Ostro Stra Zaj Grab",
	                .ends = "ński wski cki czyk wicz ak",
	                .feminine = "ski:ska cki:cka",
	                .towns = "Kraków/MA/30 Łódź/LD/90 Poznań/WP/60 Gdańsk/PM/80 Białystok/PD/15 Rzeszów/PK/35",
	                .post = "-###",
	                .number_first = false,
	                .streets = "ul._Kościuszki ul._Długa ul._Łąkowa ul._Słoneczna ul._Żeromskiego os._Piastów "
	                           "ul._Leśna ul._Szkolna "
	                           "ul._Ogrodowa ul._Krótka al._Wolności",
	                .calling = "+48",
	                .trunk = "",
	                .mobile = "6",
	                .landline = "2",
	                .prefix_m = "Pan",
	                .prefix_f = "Pani" },
	[NATION_RU] = { .code = "RU",
	                .share = 4,
	                .male = "Алексей Дмитрий Сергей Андрей Николай Михаил Владимир Евгений Юрий Кирилл Илья Фёдор "
	                        "Григорий Ярослав Пётр "
	                        "Вячеслав Аркадий Тимофей Захар Всеволод",
	                .female = "Екатерина Анастасия Юлия Светлана Людмила Надежда Наталья Оксана Галина Жанна "
	                          "Ксения Яна Любовь Зинаида "
	                          "Дарья Валентина Евгения Раиса Алёна Полина",
	                .family = "Смирнов Кузнецов Попов Васильев Соколов Михайлов Новиков Фёдоров Морозов Волков "
	                          "Лебедев Щербаков Яковлев "
	                          "Журавлёв Хохлов Чернышёв Шишкин Цветков Юдин Гордиенко Бондаренко Мельник",
	                .stems = "Гор Бел Звер Жук Корн Лаз Мор Руд Сав Тих Храм Чуд",
	                .ends = "ов ев ин овский енко цов",
	                .feminine = "ов:ова ёв:ёва ев:ева ин:ина ий:ая",
	                .towns = "Tver//170 Kazan//420 Samara//443 Perm//614 Omsk//644 Tula//300",
	                .post = "###",
	                .number_first = false,
	                .streets = "ul._Lenina ul._Gagarina ul._Sadovaya prospekt_Mira ul._Pushkina ul._Zelyonaya "
	                           "ul._Sovetskaya "
	                           "ul._Shkolnaya naberezhnaya_Reki ul._Kirova",
	                .calling = "+7",
	                .trunk = "8",
	                .mobile = "92",
	                .landline = "48",
	                .prefix_m = "",
	                .prefix_f = "" },
	[NATION_GR] = { .code = "GR",
	                .share = 3,
	                .male = "Γιώργος Δημήτρης Νίκος Κώστας Παναγιώτης Χρήστος Ιωάννης Βασίλης Θανάσης Μιχάλης "
	                        "Σπύρος Ηλίας Στέλιος "
	                        "Ευάγγελος Απόστολος",
	                .female = "Ελένη Αικατερίνη Βασιλική Γεωργία Αγγελική Σοφία Δήμητρα Χριστίνα Ειρήνη Φωτεινή "
	                          "Θεοδώρα Ευγενία Ουρανία "
	                          "Ψαρίνα Καλλιόπη",
	                .family = "Παπαδόπουλος Αγγελόπουλος Καραγιάννης Οικονόμου Βλάχος Μακρής Δημητρίου Γεωργίου "
	                          "Χατζής Ξανθόπουλος "
	                          "Ζαχαρίας Ψαρράς Λαμπρόπουλος Θεοδωρίδης Σαμαράς",
	                .stems = "Παπα Καρα Χατζη Κοντο Μαυρο Γερο",
	                .ends = "γιάννης νικολάου γεωργίου δήμος θανάσης λέων",
	                .feminine = "ος:ου ης:η ής:ή άς:ά ας:α",
	                .towns = "Athina//10 Thessaloniki//54 Patra//26 Larisa//41 Volos//38",
	                .post = "# ##",
	                .number_first = false,
	                .streets = "Ermou Stadiou Patission Tsimiski Egnatia Kifisias Aristotelous Venizelou Korai "
	                           "Ippokratous",
	                .calling = "+30",
	                .trunk = "",
	                .mobile = "69",
	                .landline = "21",
	                .prefix_m = "",
	                .prefix_f = "" },
	[NATION_CN] = { .code = "CN",
	                .share = 5, /* native:Latin */
	                .male = "伟:Wei 强:Qiang 磊:Lei 军:Jun 洋:Yang 勇:Yong 杰:Jie 涛:Tao 超:Chao 志明:Zhiming "
	                        "建国:Jianguo 浩然:Haoran "
	                        "宇轩:Yuxuan 子豪:Zihao 文博:Wenbo 天佑:Tianyou 晓东:Xiaodong 立新:Lixin 国强:Guoqiang "
	                        "家豪:Jiahao",
	                .female = "芳:Fang 娜:Na 敏:Min 静:Jing 丽:Li 艳:Yan 娟:Juan 霞:Xia 秀英:Xiuying 桂英:Guiying "
	                          "雨欣:Yuxin 梓涵:Zihan "
	                          "诗琪:Shiqi 美玲:Meiling 晓燕:Xiaoyan 婷婷:Tingting 雪梅:Xuemei 佳怡:Jiayi 思雨:Siyu "
	                          "玉兰:Yulan",
	                .family = "王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 赵:Zhao 黄:Huang 周:Zhou 吴:Wu 徐:Xu "
	                          "孙:Sun 胡:Hu 朱:Zhu "
	                          "高:Gao 林:Lin 何:He 郭:Guo 马:Ma 罗:Luo 梁:Liang 宋:Song 郑:Zheng 谢:Xie 韩:Han "
	                          "唐:Tang 冯:Feng 邓:Deng "
	                          "曹:Cao 彭:Peng 欧阳:Ouyang 司马:Sima 诸葛:Zhuge",
	                .stems = "",
	                .ends = "",
	                .towns = "Chengdu/SC/610 Wuhan/HB/430 Xiamen/FJ/361 Suzhou/JS/215 Dalian/LN/116",
	                .post = "###",
	                .number_first = true,
	                .streets = "Zhongshan_Road Renmin_Road Jiefang_Road Jianshe_Avenue Xinhua_Street Heping_Road "
	                           "Beijing_Road "
	                           "Nanjing_Road Changjiang_Road Guangming_Street",
	                .calling = "+86",
	                .trunk = "",
	                .mobile = "138",
	                .landline = "28",
	                .prefix_m = "",
	                .prefix_f = "" },
};
