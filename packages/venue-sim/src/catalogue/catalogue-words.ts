/** Names for the invented markets. The players, films and esports teams are fictional. */
export const clubs = names(`
  Ajax; Arsenal FC; AS Roma; Atalanta BC; Athletic Club; Bayer Leverkusen; Benfica; Borussia Dortmund; Bologna FC;
  Brentford FC; Celtic FC; Chelsea FC; Club Brugge; Crystal Palace; Eintracht Frankfurt; Everton FC; FC Barcelona;
  FC Bayern München; FC København; FC Porto; Fenerbahçe SK; Feyenoord; Fulham FC; Galatasaray SK; Girona FC;
  Inter Milan; Juventus FC; LOSC Lille; Liverpool FC; Málaga CF; Manchester City; Newcastle United; OGC Nice;
  Olympique Lyonnais; Paris Saint-Germain; PSV; RB Leipzig; Real Betis; Real Madrid CF; Real Sociedad; SC Freiburg;
  Slavia Praha; Sporting CP; SSC Napoli; Tottenham Hotspur; Valencia CF; VfB Stuttgart; Villarreal CF;
  West Ham United; Young Boys
`);

export const countries = names(`
  Algeria; Argentina; Australia; Austria; Belgium; Brazil; Canada; Cape Verde; Colombia; Croatia; Curaçao; Denmark;
  Ecuador; Egypt; England; France; Germany; Ghana; Italy; Ivory Coast; Japan; Mexico; Morocco; Netherlands;
  New Zealand; Norway; Panama; Paraguay; Poland; Portugal; Scotland; Senegal; South Korea; Spain; Sweden;
  Switzerland; Tunisia; Türkiye; Uruguay; USA
`);

export const cups = names(`
  Africa Cup of Nations; Asian Cup; Copa América; Euro; Gold Cup; Nations League; World Cup
`);

export const cities = names(`
  Amsterdam; Atlanta; Bogotá; Buenos Aires; Cape Town; Chicago; Dallas; Denver; Dublin; Houston; Istanbul; Lisbon;
  London; Los Angeles; Madrid; Miami; Munich; New York City; Oslo; Paris; Prague; São Paulo; Seattle; Seoul;
  Singapore; Stockholm; Sydney; Tokyo; Toronto; Vienna; Warsaw; Wellington; Zürich
`);

export const coins = [
  { name: 'Bitcoin', symbol: 'BTC', price: 96_000 },
  { name: 'BNB', symbol: 'BNB', price: 880 },
  { name: 'Dogecoin', symbol: 'DOGE', price: 0.16 },
  { name: 'Ethereum', symbol: 'ETH', price: 3_200 },
  { name: 'Hyperliquid', symbol: 'HYPE', price: 38 },
  { name: 'Solana', symbol: 'SOL', price: 142 },
  { name: 'XRP', symbol: 'XRP', price: 2.2 },
] as const;

export const companies = [
  { name: 'Alphabet', ticker: 'GOOGL', price: 290 },
  { name: 'Amazon', ticker: 'AMZN', price: 230 },
  { name: 'Apple', ticker: 'AAPL', price: 270 },
  { name: 'Coinbase', ticker: 'COIN', price: 260 },
  { name: 'Meta', ticker: 'META', price: 610 },
  { name: 'Microsoft', ticker: 'MSFT', price: 480 },
  { name: 'Netflix', ticker: 'NFLX', price: 110 },
  { name: 'NVIDIA', ticker: 'NVDA', price: 185 },
  { name: 'Palantir', ticker: 'PLTR', price: 165 },
  { name: 'Tesla', ticker: 'TSLA', price: 400 },
] as const;

export const esportsTeams = names(`
  Amber Foxes; Basalt; Cold Harbour; Delta Nine; Eleventh Hour; Fjord Esports; Glasshouse; Halcyon; Iron Lagoon;
  Jackdaw; Kestrel Gaming; Low Orbit; Midnight Tram; Northern Line; Obsidian Owls; Paper Tigers; Quarry; Red Shift;
  Salt & Static; Tenfold; Umbra; Voltaic; Wildwood; Zero Sum
`);

export const players = names(`
  Adrián Vela; Ben Okafor; Casimir Dąbek; Dario Lenz; Elias Norrby; Felipe Amaral; Goran Tadić; Hugo Lavigne;
  Ivo Stanek; Jonas Weidner; Kenji Arai; Luca Ferrante; Matthew Crane; Nikola Petrov; Oskar Lindqvist;
  Pablo Iriarte; Quentin Roux; Rasmus Holt; Samir Haddad; Tomáš Beran; Viktor Sorokin; Will Ashdown; Yannick Meyer;
  Zdravko Ilić
`);

export const films = names(`
  A Quiet Tide; Before the Snow; Cartographers; Dust & Honey; Eight Doors; Farewell, Meridian; Ghost Frequency;
  Harbour Lights; In the Glass City; Juniper; Last Call, Laredo; Moonshot: Reentry; Nine Winters; Overgrown;
  Paper Kingdoms; Return to Ashgrove; Saltwater; The Long Signal; Under Three Suns; Whistler
`);

function names(text: string): readonly string[] {
  return text.split(';').map((name) => name.trim().replace(/\s+/g, ' '));
}
