/** Names as a passport's zone transliterates them, and the shape of the passport's number: '?' any letter, '#' any digit. */
export interface Nationality {
  /** ICAO three-letter code. Germany is left out: its code is the single letter D. */
  readonly code: string;
  readonly passportNumber: string;
  readonly surnames: readonly string[];
  readonly female: readonly string[];
  readonly male: readonly string[];
}

/** Invented combinations of common names; order is part of the generator: append only. */
export const NATIONALITIES: readonly Nationality[] = [
  {
    code: 'KOR',
    passportNumber: 'M########',
    surnames: ['KIM', 'LEE', 'PARK', 'CHOI', 'JUNG', 'KANG', 'YOON'],
    female: ['JI WOO', 'SEO YEON', 'MIN JI', 'HA EUN', 'YU NA'],
    male: ['MIN JUN', 'SEO JUN', 'JI HO', 'HYUN WOO', 'DONG HYUN'],
  },
  {
    code: 'CHN',
    passportNumber: 'E########',
    surnames: ['WANG', 'LI', 'ZHANG', 'LIU', 'CHEN', 'YANG', 'ZHAO'],
    female: ['XIUYING', 'MEILING', 'YAN', 'XINYI', 'LIHUA'],
    male: ['WEI', 'JIANGUO', 'HAORAN', 'MINGZHE', 'LEI'],
  },
  {
    code: 'JPN',
    passportNumber: 'TR#######',
    surnames: ['SATO', 'SUZUKI', 'TAKAHASHI', 'TANAKA', 'WATANABE', 'ITO'],
    female: ['YUKI', 'HARUKA', 'AIKO', 'SAKURA', 'MISAKI'],
    male: ['HIROSHI', 'TAKUMI', 'KENJI', 'DAIKI', 'SHOTA'],
  },
  {
    code: 'RUS',
    passportNumber: '75#######',
    surnames: ['IVANOV', 'SMIRNOV', 'KUZNETSOV', 'POPOV', 'SOKOLOV'],
    female: ['ANASTASIIA', 'OLGA', 'EKATERINA', 'MARIIA'],
    male: ['DMITRII', 'SERGEI', 'ALEKSEI', 'MAKSIM'],
  },
  {
    code: 'USA',
    passportNumber: '5########',
    surnames: ['MILLER', 'JOHNSON', 'WILLIAMS', 'GARCIA-LOPEZ', 'ANDERSON'],
    female: ['EMILY ROSE', 'OLIVIA', 'GRACE', 'HANNAH MARIE'],
    male: ['MICHAEL JAMES', 'DANIEL', 'ETHAN', 'CHRISTOPHER'],
  },
  {
    code: 'GBR',
    passportNumber: '1########',
    surnames: ['TAYLOR', 'WALKER', 'OCONNOR', 'EVANS', 'SMITH-JONES'],
    female: ['CHARLOTTE', 'AMELIA', 'LUCY ANNE', 'SOPHIE'],
    male: ['OLIVER', 'HARRY', 'THOMAS', 'GEORGE EDWARD'],
  },
  {
    code: 'FRA',
    passportNumber: '##??#####',
    surnames: ['MARTIN', 'BERNARD', 'DE LA FONTAINE', 'PETIT', 'MOREAU'],
    female: ['CAMILLE', 'MANON', 'LEA MARIE', 'CHLOE'],
    male: ['LUCAS', 'HUGO', 'JEAN PIERRE', 'ANTOINE'],
  },
  {
    code: 'IND',
    passportNumber: 'Z#######',
    surnames: ['SHARMA', 'PATEL', 'REDDY', 'NAIR', 'SINGH'],
    female: ['PRIYA', 'ANANYA', 'LAKSHMI', 'KAVYA'],
    male: ['ARJUN', 'RAHUL', 'VIKRAM', 'SANJAY KUMAR'],
  },
  {
    code: 'AUS',
    passportNumber: 'PA#######',
    surnames: ['WILSON', 'THOMPSON', 'KELLY', 'MURRAY', 'FRASER'],
    female: ['MATILDA', 'ISLA', 'ZOE', 'RUBY JANE'],
    male: ['JACK', 'LIAM', 'COOPER', 'NOAH JOHN'],
  },
  {
    code: 'PHL',
    passportNumber: 'P#######?',
    surnames: ['REYES', 'DELA CRUZ', 'SANTOS', 'BAUTISTA', 'MENDOZA'],
    female: ['MARIA CLARA', 'ANGEL', 'KRISTINE', 'JASMINE'],
    male: ['JOSE', 'MARK ANTHONY', 'JOHN PAUL', 'GABRIEL'],
  },
];
