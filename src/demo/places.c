#include "demo/names.h"

/* Phone ranges that no operator hands out, so that no number here rings at anybody's. */
#define GERMAN_STREETS                                                                                                  \
	"Lindenstraße Hauptstraße Bahnhofstraße Gartenstraße Schillerstraße Goethestraße Kirchgasse Birkenweg "   \
	"Rosenweg "                                                                                                     \
	"Am_Mühlbach Ringstraße Feldweg Kastanienallee Bergstraße Mozartstraße Schulstraße Dorfstraße Buchenweg " \
	"Königsplatz Seeweg Tulpenweg Wiesengrund Uferstraße Marktplatz Ahornweg Beethovenstraße Nelkenweg Mühlgasse"

const struct land lands[COUNTRIES] = {
	[DE] = { "DE", GERMAN_STREETS, "de", "01500 #######", "0## 0######", "+49", "1####", GERMAN, "GGGTTTRRPPVAEIC",
	         0 },
	[AT] = { "AT", GERMAN_STREETS, "de", "0658 #######", "01 0######", "+43", "1##0", GERMAN, "GGTTRPAI", 0 },
	[CH] = { "CH", GERMAN_STREETS, "de", "073 ### ## ##", "044 0## ## ##", "+41", "8###", GERMAN, "GGFFIIEST", 0 },
	[FR] = { "FR",
	         "rue_des_Lilas rue_de_la_République avenue_Victor-Hugo boulevard_Saint-Michel rue_du_Moulin "
	         "place_du_Marché "
	         "rue_Pasteur avenue_de_la_Gare rue_des_Écoles allée_des_Tilleuls impasse_du_Puits quai_des_Brumes "
	         "rue_Jean-Jaurès chemin_Vert rue_de_l'Église cours_Gambetta rue_des_Acacias rue_Nationale rue_Haute",
	         "fr", "07 00 ## ## ##", "01 00 ## ## ##", "+33", "75###", FRENCH, "FFFAAAVCPS", 1 },
	[IT] = { "IT",
	         "Via_Garibaldi Via_Roma Corso_Italia Via_Mazzini Viale_dei_Tigli Via_Dante Piazza_Verdi Via_Cavour "
	         "Via_delle_Rose Via_San_Marco Largo_Augusto Via_Manzoni Corso_Venezia Via_Leopardi Vicolo_Corto "
	         "Via_Torino",
	         "it", "319 #######", "02 00######", "+39", "20###", ITALIAN, "IIIIACR", 0 },
	[GB] = { "GB",
	         "High_Street Mill_Lane Church_Road Station_Road Victoria_Road Green_Lane Manor_Road Park_Avenue "
	         "Queens_Road "
	         "The_Crescent Albert_Street Grange_Road Kings_Road Elm_Grove Castle_Street Orchard_Close "
	         "Spring_Gardens "
	         "Highfield_Road York_Place Rose_Hill",
	         "en", "07222 ######", "020 00## ####", "+44", "N# #QX", ENGLISH, "EEEAPCVTI", 1 },
	[PL] = { "PL",
	         "ul._Lipowa ul._Kwiatowa ul._Polna ul._Leśna ul._Szkolna ul._Krótka ul._Ogrodowa ul._Słoneczna "
	         "al._Wolności "
	         "ul._Brzozowa ul._Łąkowa ul._Mickiewicza pl._Zamkowy ul._Długa ul._Parkowa ul._Żeromskiego",
	         "pl", "549 ### ###", "22 00# ## ##", "+48", "0#-###", POLISH, "PPPPRV", 0 },
	[GR] = { "GR",
	         "Ερμού Αθηνάς Σταδίου Πατησίων Αιόλου Σόλωνος Ακαδημίας Ιπποκράτους Κηφισίας Αγίου_Κωνσταντίνου "
	         "Μιαούλη "
	         "Βενιζέλου Καλλιρρόης Ηροδότου",
	         "el", "692 #######", "210 0######", "+30", "1####", GREEK, "HHHAER", 0 },
	[US] = { "US",
	         "Maple_Street Oak_Avenue Washington_Street Elm_Street Park_Avenue Cedar_Lane 2nd_Street Lake_Drive "
	         "Hill_Street "
	         "Pine_Street Main_Street Lincoln_Avenue West_84th_Street Broadway Amsterdam_Avenue Prospect_Place",
	         "en", "(999) ### ####", "(998) ### ####", "+1", "100##", ENGLISH, "EEEESSSCCIVAR", 1 },
};

const struct region regions[12] = {
	{ { { "Berlin", "Berlin", "10###" },
	    { "Potsdam", "Potsdam", "144##" },
	    { "Bernau", "Bernau", "16321" },
	    { "Königs Wusterhausen", "Koenigs Wusterhausen", "15711" } } },
	{ { { "München", "Muenchen", "80###" },
	    { "Starnberg", "Starnberg", "82319" },
	    { "Fürstenfeldbruck", "Fuerstenfeldbruck", "82256" },
	    { "Augsburg", "Augsburg", "861##" } } },
	{ { { "Zürich", "Zuerich", "80##" },
	    { "Winterthur", "Winterthur", "84##" },
	    { "Küsnacht", "Kuesnacht", "8700" },
	    { "Baden", "Baden", "5400" } } },
	{ { { "Wien", "Vienna", "1##0" },
	    { "Mödling", "Moedling", "2340" },
	    { "Klosterneuburg", "Klosterneuburg", "3400" },
	    { "St. Pölten", "St. Poelten", "3100" } } },
	{ { { "Paris", "Paris", "750##" },
	    { "Neuilly-sur-Seine", "Neuilly-sur-Seine", "92200" },
	    { "Saint-Denis", "Saint Denis", "93200" },
	    { "Créteil", "Creteil", "94000" } } },
	{ { { "Lyon", "Lyon", "6900#" },
	    { "Villeurbanne", "Villeurbanne", "69100" },
	    { "Écully", "Ecully", "69130" },
	    { "Vénissieux", "Venissieux", "69200" } } },
	{ { { "Milano", "Milan", "201##" },
	    { "Monza", "Monza", "20900" },
	    { "Como", "Como", "22100" },
	    { "Pavia", "Pavia", "27100" } } },
	{ { { "London", "London", "W# #QX" },
	    { "Richmond", "Richmond", "TW# #QX" },
	    { "Croydon", "Croydon", "CR# #QX" },
	    { "Watford", "Watford", "WD# #QX" } } },
	{ { { "Edinburgh", "Edinburgh", "EH# #QX" },
	    { "Musselburgh", "Musselburgh", "EH21 #QX" },
	    { "Dunfermline", "Dunfermline", "KY11 #QX" },
	    { "Livingston", "Livingston", "EH54 #QX" } } },
	{ { { "Warszawa", "Warsaw", "0#-###" },
	    { "Piaseczno", "Piaseczno", "05-500" },
	    { "Łomianki", "Lomianki", "05-092" },
	    { "Żyrardów", "Zyrardow", "96-300" } } },
	{ { { "Αθήνα", "Athens", "10# ##" },
	    { "Πειραιάς", "Piraeus", "185 ##" },
	    { "Χαλάνδρι", "Chalandri", "152 3#" },
	    { "Γλυφάδα", "Glyfada", "166 7#" } } },
	{ { { "New York", "New York", "100##" },
	    { "Brooklyn", "Brooklyn", "112##" },
	    { "Hoboken", "Hoboken", "07030" },
	    { "Yonkers", "Yonkers", "1070#" } } },
};
