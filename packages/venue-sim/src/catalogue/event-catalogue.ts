import type { Prng } from '../exchange/prng.ts';
import { cities, clubs, coins, companies, countries, cups, esportsTeams, films, players } from './catalogue-words.ts';
import type { EventDraft, MarketDraft } from './event-draft.ts';
import { clock, isoDate, longDate, monthAndDay, monthName, roundPrice, slugOf } from './wording.ts';

/** Drafts an event with one or several markets, of a random kind. `dayMs` is the midnight from which dates count. */
export function draftEvent(prng: Prng, dayMs: number): EventDraft {
  return prng.pick(KINDS)(prng, dayMs);
}

/** Drafts a five-minute market of the "Up or Down" series, which open and close all day. `slotMs` is the start of its five minutes. */
export function draftUpOrDown(prng: Prng, slotMs: number): EventDraft {
  const coin = prng.pick(coins);
  const title = `${coin.name} Up or Down - ${monthAndDay(slotMs)}, ${clock(slotMs)}-${clock(slotMs + FIVE_MINUTES_MS)} UTC`;
  const slug = `${coin.symbol.toLowerCase()}-updown-5m-${Math.floor(slotMs / 1_000)}`;
  return {
    title,
    slug,
    category: 'Crypto',
    tags: ['Crypto', coin.name, 'Crypto Prices', 'Recurring', 'Up or Down', '5M'],
    negRisk: false,
    feeType: 'crypto_fees_v2',
    rules: `This market will resolve to "Up" if the ${coin.name} price at the end of the time range specified in the title is greater than or equal to the price at the beginning of that range. Otherwise, it will resolve to "Down".`,
    endAtMs: slotMs + FIVE_MINUTES_MS,
    markets: [
      {
        question: title,
        slug,
        groupItemTitle: '',
        outcomes: ['Up', 'Down'],
        fair: between(prng, 0.3, 0.7),
        tickSize: '0.01',
      },
    ],
  };
}

const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;

const KINDS: ((prng: Prng, dayMs: number) => EventDraft)[] = [
  draftMatch,
  draftMatch,
  draftCup,
  draftTemperature,
  draftTemperature,
  draftCoinTarget,
  draftShareClose,
  draftEsports,
  draftEsports,
  draftTennis,
  draftFilm,
  draftRates,
  (prng, dayMs) => draftUpOrDown(prng, dayMs + prng.integer(0, 287) * FIVE_MINUTES_MS),
];

function draftMatch(prng: Prng, dayMs: number): EventDraft {
  const [home = 'Home', away = 'Away'] = prng.sample(clubs, 2);
  const at = dayMs + prng.integer(1, 14) * DAY_MS + prng.integer(12, 20) * 3_600_000;
  const date = isoDate(at);
  const slug = `${slugOf(home)}-${slugOf(away)}-${date}`;
  const homeWins = between(prng, 0.15, 0.6);
  const draw = between(prng, 0.2, 0.3);
  const market = (name: string, question: string, fair: number): MarketDraft => ({
    question,
    slug: `${slug}-${slugOf(name)}`,
    groupItemTitle: name,
    outcomes: YES_NO,
    fair,
    tickSize: prng.chance(0.7) ? '0.01' : '0.001',
  });
  return {
    title: `${home} vs. ${away}`,
    slug,
    category: 'Sports',
    tags: ['Sports', 'Soccer', 'Games'],
    negRisk: true,
    feeType: 'sports_fees_v2',
    rules: `In the upcoming game, scheduled for ${longDate(at)}: if ${home} wins, this market will resolve to "Yes" for ${home}. If the game is postponed, this market will remain open until the game has been completed.`,
    endAtMs: at,
    markets: [
      market(home, `Will ${home} win on ${date}?`, homeWins),
      market('Draw', `Will ${home} vs. ${away} end in a draw?`, draw),
      market(away, `Will ${away} win on ${date}?`, Math.max(0.04, 1 - homeWins - draw)),
    ],
  };
}

function draftCup(prng: Prng, dayMs: number): EventDraft {
  const year = new Date(dayMs).getUTCFullYear() + 1;
  const cup = `${year} ${prng.pick(cups)}`;
  const teams = prng.sample(countries, prng.integer(8, 20));
  return {
    title: `${cup} Winner`,
    slug: `${slugOf(cup)}-winner`,
    category: 'Sports',
    tags: ['Sports', 'Soccer', 'Futures'],
    negRisk: true,
    feeType: null,
    rules: `This market will resolve according to the national team that wins the ${cup}. If at any point it becomes impossible for this team to win, this market will resolve immediately to "No".`,
    endAtMs: Date.UTC(year, 6, 19),
    markets: teams.map((team) => ({
      question: `Will ${team} win the ${cup}?`,
      slug: `will-${slugOf(team)}-win-the-${slugOf(cup)}`,
      groupItemTitle: team,
      outcomes: YES_NO,
      fair: between(prng, 0.005, 2 / teams.length),
      tickSize: '0.001',
    })),
  };
}

function draftTemperature(prng: Prng, dayMs: number): EventDraft {
  const city = prng.pick(cities);
  const at = dayMs + prng.integer(0, 3) * DAY_MS;
  const warmest = prng.integer(-4, 31);
  const day = monthAndDay(at);
  const slug = `highest-temperature-in-${slugOf(city)}-on-${slugOf(day)}`;
  return {
    title: `Highest temperature in ${city} on ${day}?`,
    slug,
    category: 'Weather',
    tags: ['Weather', 'Daily Temperature', city],
    negRisk: true,
    feeType: null,
    rules: `This market will resolve to the temperature range that contains the highest temperature recorded at ${city}'s main airport on ${longDate(at)}, in degrees Celsius.`,
    endAtMs: at + DAY_MS,
    markets: Array.from({ length: 7 }, (_, index) => {
      const degrees = warmest + index;
      const label = index === 0 ? `${degrees}°C or below` : index === 6 ? `${degrees}°C or higher` : `${degrees}°C`;
      return {
        question: `Will the highest temperature in ${city} be ${label} on ${day}?`,
        slug: `${slug}-${slugOf(String(degrees).replace('-', 'minus'))}c`,
        groupItemTitle: label,
        outcomes: YES_NO,
        fair: Math.max(0.01, between(prng, 0.5, 1) * Math.exp(-((index - 3) ** 2) / 3) * 0.6),
        tickSize: prng.chance(0.5) ? '0.01' : '0.001',
      };
    }),
  };
}

function draftCoinTarget(prng: Prng, dayMs: number): EventDraft {
  const coin = prng.pick(coins);
  const month = monthName(dayMs);
  const title = `What price will ${coin.name} hit in ${month}?`;
  return {
    title,
    slug: slugOf(`what-price-will-${coin.name}-hit-in-${month}`),
    category: 'Crypto',
    tags: ['Crypto', coin.name, 'Hit Price'],
    negRisk: false,
    feeType: 'crypto_fees_v2',
    rules: `This market will immediately resolve to "Yes" if any 1 minute candle for ${coin.name} during ${month} has a final "High" price at or above the price in the title.`,
    endAtMs: Date.UTC(new Date(dayMs).getUTCFullYear(), new Date(dayMs).getUTCMonth() + 1, 1),
    markets: [1.05, 1.1, 1.2, 1.35, 1.6].map((factor) => {
      const price = `$${roundPrice(coin.price * factor).toLocaleString('en-US')}`;
      return {
        question: `Will ${coin.name} reach ${price} in ${month}?`,
        slug: slugOf(`will-${coin.name}-reach-${price}-in-${month}`),
        groupItemTitle: `↑ ${price}`,
        outcomes: YES_NO,
        fair: between(prng, 0.02, 0.9) / factor ** 3,
        tickSize: prng.chance(0.5) ? '0.01' : '0.001',
      };
    }),
  };
}

function draftShareClose(prng: Prng, dayMs: number): EventDraft {
  const company = prng.pick(companies);
  const at = dayMs + prng.integer(1, 10) * DAY_MS;
  const day = monthAndDay(at);
  return {
    title: `${company.name} (${company.ticker}) closes above ___ on ${day}?`,
    slug: slugOf(`${company.ticker}-close-above-on-${day}`),
    category: 'Finance',
    tags: ['Finance', 'Stocks', company.name],
    negRisk: false,
    feeType: 'finance_fees_v1',
    rules: `This market will resolve to "Yes" if the official closing price of ${company.name} (${company.ticker}) on ${longDate(at)} is higher than the listed price.`,
    endAtMs: at + 21 * 3_600_000,
    markets: [0.95, 1, 1.05].map((factor) => {
      const price = `$${Math.round(company.price * factor)}`;
      return {
        question: `Will ${company.name} (${company.ticker}) close above ${price} on ${day}?`,
        slug: slugOf(`will-${company.ticker}-close-above-${price}-on-${day}`),
        groupItemTitle: price,
        outcomes: YES_NO,
        fair: between(prng, 0.3, 0.6) / factor ** 4,
        tickSize: '0.01',
      };
    }),
  };
}

function draftEsports(prng: Prng, dayMs: number): EventDraft {
  const [one = 'One', two = 'Two'] = prng.sample(esportsTeams, 2);
  const at = dayMs + prng.integer(0, 5) * DAY_MS + prng.integer(9, 21) * 3_600_000;
  const slug = `cs2-${slugOf(one)}-${slugOf(two)}-${isoDate(at)}`;
  const fair = between(prng, 0.2, 0.8);
  const market = (question: string, suffix: string): MarketDraft => ({
    question,
    slug: `${slug}${suffix}`,
    groupItemTitle: suffix === '' ? 'Match Winner' : question.slice(question.lastIndexOf('-') + 2),
    outcomes: [one, two],
    fair: Math.min(0.95, Math.max(0.05, fair + between(prng, -0.08, 0.08))),
    tickSize: prng.chance(0.8) ? '0.01' : '0.005',
  });
  return {
    title: `Counter-Strike: ${one} vs ${two} (BO3)`,
    slug,
    category: 'Esports',
    tags: ['Sports', 'Esports', 'Counter Strike 2', 'Games'],
    negRisk: false,
    feeType: 'sports_fees_v2',
    rules: `This market refers to the Counter-Strike match between ${one} and ${two}, scheduled for ${longDate(at)}. If the match is cancelled, this market will resolve 50-50.`,
    endAtMs: at,
    markets: [
      market(`Counter-Strike: ${one} vs ${two} (BO3)`, ''),
      market(`Counter-Strike: ${one} vs ${two} - Map 1 Winner`, '-map-1'),
      market(`Counter-Strike: ${one} vs ${two} - Map 2 Winner`, '-map-2'),
    ],
  };
}

function draftTennis(prng: Prng, dayMs: number): EventDraft {
  const [one = 'One', two = 'Two'] = prng.sample(players, 2);
  const at = dayMs + prng.integer(0, 3) * DAY_MS + prng.integer(8, 20) * 3_600_000;
  const slug = `atp-${slugOf(one)}-${slugOf(two)}-${isoDate(at)}`;
  return {
    title: `${one} vs. ${two}`,
    slug,
    category: 'Sports',
    tags: ['Sports', 'Tennis', 'Games'],
    negRisk: false,
    feeType: 'sports_fees_v2',
    rules: `This market will resolve to the player who advances from the match between ${one} and ${two}, scheduled for ${longDate(at)}.`,
    endAtMs: at,
    markets: [
      {
        question: `${one} vs. ${two}`,
        slug,
        groupItemTitle: '',
        outcomes: [one, two],
        fair: between(prng, 0.1, 0.9),
        tickSize: '0.01',
      },
    ],
  };
}

function draftFilm(prng: Prng, dayMs: number): EventDraft {
  const film = prng.pick(films);
  const at = dayMs + prng.integer(3, 12) * DAY_MS;
  const title = `“${film}” Opening Weekend Box Office`;
  return {
    title,
    slug: slugOf(`${film}-opening-weekend-box-office`),
    category: 'Culture',
    tags: ['Culture', 'Movies', 'Box Office'],
    negRisk: true,
    feeType: null,
    rules: `This market will resolve according to how much “${film}” grosses domestically on its opening weekend. If the reported value falls exactly between two brackets, the market will resolve to the higher one.`,
    endAtMs: at,
    markets: [20, 30, 40, 50].map((millions, index) => ({
      question: `Will “${film}” open to between ${millions}m and ${millions + 10}m dollars?`,
      slug: slugOf(`will-${film}-open-between-${millions}m-and-${millions + 10}m`),
      groupItemTitle: `$${millions}m-${millions + 10}m`,
      outcomes: YES_NO,
      fair: between(prng, 0.05, 0.5) / (1 + index * 0.3),
      tickSize: prng.chance(0.9) ? '0.01' : '0.1',
    })),
  };
}

function draftRates(prng: Prng, dayMs: number): EventDraft {
  const at = dayMs + prng.integer(10, 300) * DAY_MS;
  const meeting = `${monthName(at)} ${new Date(at).getUTCFullYear()}`;
  const choices: [string, string, number][] = [
    ['50+ bps decrease', `Will the Fed decrease interest rates by 50+ bps after the ${meeting} meeting?`, 0.03],
    ['25 bps decrease', `Will the Fed decrease interest rates by 25 bps after the ${meeting} meeting?`, 0.38],
    ['No change', `Will there be no change in Fed interest rates after the ${meeting} meeting?`, 0.55],
    ['25+ bps increase', `Will the Fed increase interest rates by 25+ bps after the ${meeting} meeting?`, 0.04],
  ];
  return {
    title: `Fed decision in ${meeting}?`,
    slug: slugOf(`fed-decision-in-${meeting}`),
    category: 'Economy',
    tags: ['Economy', 'Fed Rates', 'Finance'],
    negRisk: true,
    feeType: null,
    rules: `This market will resolve to the amount of basis points the upper bound of the target federal funds rate is changed by versus the level it was prior to the ${meeting} meeting.`,
    endAtMs: at,
    markets: choices.map(([label, question, fair]) => ({
      question,
      slug: slugOf(question.replace('+', ' or more')),
      groupItemTitle: label,
      outcomes: YES_NO,
      fair: Math.min(0.97, fair * between(prng, 0.7, 1.4)),
      tickSize: '0.001',
    })),
  };
}

const YES_NO: [string, string] = ['Yes', 'No'];
function between(prng: Prng, min: number, max: number): number {
  return min + prng.unit() * (max - min);
}
