/* Nicknames of English, German, French, Italian, Spanish and Russian given names, folded; a line a name. Two names
 * belong together when they stand on one line; a name may stand on several. */
#include "text/fold.h"
#include <pthread.h>
#include <stdlib.h>

static const char *const lines[] = {
	"abigail abby abbie gail",
	"abraham abe bram",
	"albert al bert bertie albrecht adalbert",
	"alexander alex al sandy xander sasha sascha lex alec alessandro alejandro aleksandr alexandre",
	"alexandra alex sandra sandy sasha lexi alexa alessandra alejandra aleksandra",
	"alfred al fred alf alfie",
	"alice ali allie alison",
	"allison allie ali alison",
	"amanda mandy manda",
	"amelia amy millie emily",
	"anastasia stacy nastya ana stasia asya",
	"andrea andi drea",
	"andrew andy drew andreas andre andrei andrey andres",
	"angela angie angel angelika",
	"anna ann anne annie hannah nancy nan anita anya annika anneke",
	"anthony tony anton antonio antoine toni",
	"antonia toni tonia",
	"arthur art artie",
	"barbara barb barbie babs bärbel basia",
	"beatrice bea trixie beatrix bee",
	"benjamin ben benny benji",
	"bernard bernie bernhard bernd",
	"bradley brad",
	"bridget biddy bridie brigitte gitta birgit",
	"caroline carol carrie lina carolyn karoline carolina",
	"cassandra cassie sandra",
	("catherine kathryn katherine kate katie kathy cathy kay kit kitty cat katharina katarina catarina caterina "
	 "katja "
	 "katrin kathrin ekaterina katya kati catalina"),
	"cecilia celia cissy cecile",
	"charles charlie chuck chas karl carl carlos carlo",
	"charlotte charlie lottie lotte char carlotta",
	"christina chris tina chrissy christine kristina kristin christel kirsten kristen",
	"christopher chris kit topher christoph cristobal kristof",
	"christian chris",
	"clara claire clare klara",
	"clifford cliff",
	"constance connie constanze",
	"cornelia nelly conny",
	"cynthia cindy",
	"daniel dan danny daniele",
	"danielle dani daniela",
	"david dave davey davy davide",
	"deborah deb debbie debra",
	"dennis denny denis",
	"diana di diane",
	"dietrich dieter dirk",
	"dmitri dima mitya dmitry dimitri",
	"dominic dom nick dominik dominique domenico",
	"donald don donny donnie",
	"dorothy dot dottie dolly dora dorothea thea dorothee",
	"douglas doug",
	"edward ed eddie ned ted teddy eduard eduardo edoardo",
	"eleanor ellie nora ella nell eleonore leonora elinor lenore",
	("elizabeth liz lizzie beth betty bess eliza lisa lise elisabeth elise elsa lilibet libby betsy else sissi "
	 "isabel bella "
	 "elisabetta liesl"),
	"emily em emmy millie emilie emilia",
	"emma em emmy",
	"emmanuel manny manuel manolo emanuel",
	"eric rick erik erich",
	"ernest ernie ernst ernesto",
	"eugene gene eugen evgeni yevgeny zhenya",
	"evelyn eve evie",
	"eva eve evi ewa",
	"ferdinand ferdi fernando nando",
	"florence flo florrie flora",
	"frances fran fanny francesca franziska franzi francoise frankie",
	"francis frank frankie franz francesco francisco paco pancho francois",
	"franklin frank",
	"frederick fred freddy fritz friedrich rick federico frederic frederik",
	"friederike fritzi rike ricky",
	"gabriel gabe gabriele",
	"gabriella gabby gabi gabriele gabrielle ella",
	"geoffrey geoff jeff jeffrey",
	"george georg jorge giorgio georges jurgen joerg jorg yuri",
	"gerald gerry jerry gerd",
	"gerard gerry gerhard gerd gerardo",
	"gertrude trudy gert trude gertrud",
	"gloria glo",
	"gregory greg gregor",
	"gunther gunter gunnar",
	"gwendolyn gwen",
	"hannah anna hanna hanne annie",
	"harold harry hal harald",
	"helen nell ellen helena helene lena elena leni nellie",
	"henrietta hetty etta henriette jette",
	"henry harry hank hal heinrich heinz heiner henri enrique enrico henrik",
	"herbert herb bert",
	"howard howie ward",
	"hubert bert hugh hubertus",
	"hugh hugo hughie",
	"ignatius iggy nacho ignacio ignaz",
	"irene renie irina ira",
	"isaac ike zac",
	"isabella bella izzy isabel isabelle belle",
	"jacob jake jack jakob jacques giacomo",
	"jacqueline jackie jacqui",
	"james jim jimmy jamie jem diego jaime",
	"jane janie jenny jean janet jana",
	"janet jan jenny jeanette",
	"jason jay",
	"jean jeanne jeannie",
	"jennifer jen jenny jenna",
	"jeremy jerry jem jeremiah",
	"jessica jess jessie",
	"joan joanie joanna johanna hanna",
	"joanne jo joanna",
	"john jack johnny jon johannes johann hans jan juan jean giovanni ivan gianni sean ian vanya ioannis",
	"jonathan jon johnny nathan",
	"joseph joe joey josef jose pepe giuseppe beppe sepp jupp pino",
	"josephine jo josie josefine josefa",
	"joshua josh",
	"judith judy jude jutta",
	"julia julie jules giulia juliana",
	"julian jules julius giuliano",
	"karen kari",
	"kenneth ken kenny",
	"kimberly kim kimmy",
	"konrad kurt conny conrad",
	"konstantin kostya costa constantine kostas",
	"laura laurie lori lora",
	"lawrence larry laurie lorenz lorenzo laurent laurence lars laurentius",
	"leo leon leonard leonardo lenny len leonhard lev",
	"leslie les",
	"lillian lily lil liliana",
	"linda lindy",
	"louis lou lewis ludwig luis luigi louie lutz",
	"louise lou luise luisa lulu",
	"lucy lucia luz lucie lucille",
	"lukas luke luca lucas",
	"madeline maddie madeleine magdalena lena madelyn",
	"magdalena lena leni magda",
	"manuela manu ela",
	"marcus marc mark marco marcos markus",
	("margaret maggie meg peggy margie greta rita marge margarete margarethe gretel daisy margot grete margarita "
	 "marguerite margherita"),
	"maria marie mary mia ria maja mitzi marisol",
	"marianne mary anne",
	"martha marty mattie marta",
	"martin marty martino",
	"mary molly polly mamie may marie maria mae",
	"matilda tilly mathilde tilda mattie",
	"matthew matt matty matthias mathias matteo mateo mathieu hias",
	"maximilian max maxi massimo",
	"maxine max",
	"melanie mel melly",
	"melissa mel missy lissa",
	"michael mike mick mickey micky michel miguel michele mischa misha mikhail mikael michail",
	"michelle shelly michele",
	"mikhail misha michael",
	"mildred millie",
	"mitchell mitch",
	"mohammed mohamed muhammad mohammad mo mehmet",
	"monica moni monika",
	"nancy nan ann",
	"natalie nat natalia natasha natascha nathalie",
	"nathaniel nat nate nathan",
	"nicholas nick nicky nico klaus niklas nikolaus nicolas nikolai kolya nils claus nikola niccolo",
	"nicole nicky nikki nicola nicoletta",
	"nigel nige",
	"norman norm",
	"oliver ollie olivier noll",
	"olivia liv livvy",
	"oscar oskar ossie",
	"otto ottone",
	"pamela pam",
	"patricia pat patty trish tricia patsy patrizia",
	"patrick pat paddy rick patricio patrizio",
	"paul pauly paolo pablo pavel",
	"paula polly pauline paulina paola",
	"peter pete pierre pedro pietro petr piet petros pyotr petya",
	"penelope penny",
	"philip phil pip philipp felipe filippo philippe",
	"rachel rae shelly rachele raquel",
	"ralph ralf rolf rudolf",
	"raymond ray raimund ramon",
	"rebecca becky becca rebekka",
	"regina gina reggie regine",
	"reginald reg reggie",
	"richard rick dick rich ricky richie ricardo riccardo",
	"robert bob rob bobby robbie bert roberto rupert robin",
	"roberta bobbie robbie",
	"rodney rod",
	"roger rog rudiger ruediger",
	"roland rollo orlando rolando",
	"ronald ron ronnie",
	"rose rosie rosa rosemary",
	"rudolf rudi rolf rudy",
	"russell russ rusty",
	"salvatore sal toto salvador",
	"samantha sam sammy",
	"samuel sam sammy",
	"sarah sally sadie sara",
	"sebastian seb bastian basti sebastien wastl",
	"sergei serge sergio sergey seryozha",
	"sharon shari",
	"sophia sophie sofia sonja sonia sonya sofie",
	"stanley stan stanislav stanislaus",
	"stephanie steph stefanie steffi stefania",
	"stephen steve steven stevie stefan stephan stefano esteban etienne steffen",
	"stuart stu stewart",
	"susan sue susie suzie suzy susanne susanna suzanne susann",
	"sylvia silvia syl silvie",
	"tamara tammy tamar",
	"tatiana tanya tania tanja",
	"terence terry",
	"theodore ted teddy theo theodor teodoro fyodor fedor",
	"theresa terry tess tessa resi therese teresa tracy thea",
	"thomas tom tommy tomas tommaso tam",
	"timothy tim timmy timo",
	"tobias toby tobi",
	"ulrich uli ulli",
	"ulrike uli ulli",
	"urs ursin ursus",
	"ursula uschi ursel ulla ushi",
	"valentina val valya tina valentine",
	"valerie val",
	"vanessa nessa",
	"veronica ronnie vera veronika vroni nica",
	"victor vic viktor vittorio",
	"victoria vicky tori vic viktoria vittoria",
	"vincent vince vinny vinzenz vincenzo vicente",
	"virginia ginny ginger",
	"vladimir vova volodya vlad wladimir",
	"walter walt wally",
	"wilhelmina minnie mina wilma wilhelmine billie",
	"william will bill billy willie liam wilhelm willi guillermo guglielmo guillaume willem",
	"wolfgang wolf wolfi",
	"yvonne vonnie",
	"zachary zach zack",
};

#define LINES (sizeof(lines) / sizeof(lines[0]))
#define MOST_NAMES 2048
#define NAME_BYTES 14

struct nickname {
	char name[NAME_BYTES];
	uint16_t line;
};

static struct nickname names[MOST_NAMES];
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct nickname *)a)->name, ((const struct nickname *)b)->name);
}

static void make_names(void)
{
	for (size_t i = 0; i < LINES; i++) {
		struct str rest = str_c(lines[i]), name;

		while (str_split(&rest, ' ', &name)) {
			char folded[TEXT_FOLD_BYTES];
			size_t n = text_fold(name, folded);

			if (n == 0 || n >= NAME_BYTES || count == MOST_NAMES)
				continue;
			memcpy(names[count].name, folded, n + 1);
			names[count++].line = (uint16_t)i;
		}
	}
	qsort(names, count, sizeof(names[0]), by_name);
}

void nickname_prepare(void)
{
	pthread_once(&once, make_names);
}

/* The first entry of this name; count when it has none. */
static size_t find(struct str name)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (str_cmp(str_c(names[mid].name), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool name_nickname(struct str a, struct str b)
{
	size_t first;

	if (a.n == 0 || b.n == 0)
		return false;
	if (str_eq(a, b))
		return true;
	if (a.n >= NAME_BYTES || b.n >= NAME_BYTES)
		return false;
	nickname_prepare();
	first = find(b);
	for (size_t i = find(a); i < count && str_is(a, names[i].name); i++)
		for (size_t j = first; j < count && str_is(b, names[j].name); j++)
			if (names[i].line == names[j].line)
				return true;
	return false;
}

int name_nickname_groups(struct str folded, uint16_t *groups, int max)
{
	int n = 0;

	if (folded.n == 0 || folded.n >= NAME_BYTES)
		return 0;
	nickname_prepare();
	for (size_t i = find(folded); i < count && n < max && str_is(folded, names[i].name); i++)
		groups[n++] = (uint16_t)(names[i].line + 1);
	return n;
}
