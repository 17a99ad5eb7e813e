// Drives the page of `pryvctl watch` in a real browser, and fails with what is wrong. Arguments: the address of a page with a few
// hosts, and of one with 300. Screenshots go to target/page; with WRITE=1 that of the book goes to docs/src.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const shots = join(root, "target/page");
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [few, many] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });

const faults = [];
const expect = (holds, words) => {
  if (!holds) faults.push(words);
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--force-color-profile=srgb"],
});

/** A page of a window, which tells of everything that its console says. */
const open = async (options, address) => {
  // What axe-core needs to be put into the page is what the policy of the page forbids.
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) faults.push(`${address}: console: ${line.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${address}: ${error}`));
  page.on("dialog", (dialog) => {
    faults.push(`${address}: a host opened a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(address).origin)) faults.push(`${address}: asks ${request.url()}`);
  });
  const answer = await page.goto(address, { waitUntil: "load" });
  expect(answer.status() === 200, `${address}: ${answer.status()}`);
  return page;
};

/** No serious violation, and nothing wider than the window. */
const judge = async (page, what) => {
  const client = await page.context().newCDPSession(page);
  await client.send("Page.setBypassCSP", { enabled: true });
  await page.reload({ waitUntil: "load" });
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, impact, help, nodes } of violations) {
    const line = `${what}: axe: ${impact}: ${id}: ${help}: ${nodes.map((node) => node.target).slice(0, 3).join(" | ")}`;
    if (["serious", "critical"].includes(impact)) faults.push(line);
    else console.log(line);
  }
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const of = (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(".hidden, .skip, thead, pre");
    return [...document.querySelectorAll("main *")].filter(of).slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
  });
  expect(wide.length === 0, `${what}: wider than the window: ${wide.join("\n")}`);
};

const shot = (page, name, fullPage = true) => page.screenshot({ path: join(shots, `${name}.png`), fullPage });

const looks = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  plain: { javaScriptEnabled: false },
};
const paths = { overview: "", host: "hosts/co1?span=1h", controls: "controls", runs: "runs", run: "runs/20261130T080000Z-17" };

for (const [look, options] of Object.entries(looks)) {
  for (const [name, path] of Object.entries(paths)) {
    const page = await open(options, few + path);
    if (look === "plain") {
      expect((await page.locator("h1").innerText()).length > 0, `${name} is empty without a script`);
    } else {
      await page.waitForFunction(() => document.getElementById("pulse").dataset.state === "on");
      await shot(page, `${name}-${look}`);
      await judge(page, `${name}, ${look}`);
    }
    await page.context().close();
  }
}

for (const look of ["light", "phone"]) {
  const page = await open(looks[look], many);
  await shot(page, `many-${look}`, false);
  await judge(page, `300 hosts, ${look}`);
  await page.context().close();
}

// What a host says is text.
const host = await open({}, `${few}hosts/co1?span=1h`);
expect((await host.locator("main img").count()) === 0, "a host put an image into the page");
const text = await host.locator("main").innerText();
expect(text.includes("a<img src=x onerror=alert(1)>\\x1b[2J"), "the name of the container is not shown as it is");
expect((await host.locator(".diff .add").count()) > 0 && (await host.locator(".diff .cut").count()) > 0, "there is no difference");
expect((await host.locator("svg path.line").count()) > 10, "there are no plots");
await host.context().close();

// The keyboard alone: to the content, to a host, to a span, into the controls that hold.
const keyboard = await open({}, few);
await keyboard.keyboard.press("Tab");
expect((await keyboard.evaluate(() => document.activeElement.className)) === "skip", "the first key does not reach the skip link");
await keyboard.keyboard.press("Enter");
expect((await keyboard.evaluate(() => document.activeElement.id)) === "main", "the skip link does not lead to the content");
const press = async (wanted, what) => {
  for (let presses = 0; presses < 60; presses += 1) {
    await keyboard.keyboard.press("Tab");
    const { found, outline } = await keyboard.evaluate((selector) => {
      const active = document.activeElement;
      return { found: active.matches(selector), outline: getComputedStyle(active).outlineStyle };
    }, wanted);
    expect(outline !== "none", `the focus is not seen on the way to ${what}`);
    if (found) return keyboard.keyboard.press("Enter");
  }
  faults.push(`the keyboard does not reach ${what}`);
  return null;
};
await press('a[href="/hosts/co1"]', "a host");
await keyboard.waitForURL(/hosts\/co1/);
await press('a[href^="?span=7d"]', "a span");
await keyboard.waitForURL(/span=7d/);
await press("#holding summary", "the controls that hold");
expect(await keyboard.evaluate(() => document.getElementById("holding").open), "the keyboard does not open the controls that hold");
await keyboard.context().close();

// The filter finds, with a script and without.
const filter = await open({ javaScriptEnabled: false }, many);
await filter.getByLabel("Show hosts with").fill("co17 eu");
await filter.keyboard.press("Enter");
await filter.waitForURL(/q=co17/);
expect((await filter.locator("#zones tbody tr").count()) < 15, "the filter does not find");
await filter.context().close();

// Prometheus has nothing to say against the names, the units and the form of the metrics.
const metrics = await (await fetch(`${few}metrics`)).text();
const checked = spawnSync("promtool", ["check", "metrics"], { input: metrics, encoding: "utf8" });
expect(checked.status === 0 && checked.stdout + checked.stderr === "", `promtool: ${checked.error ?? checked.stdout + checked.stderr}`);

// The picture of the book: the head of the overview.
const picture = await open({ colorScheme: "light", viewport: { width: 1120, height: 760 } }, few);
await picture.waitForFunction(() => document.getElementById("pulse").dataset.state === "on");
await picture.screenshot({ path: join(process.env.WRITE ? join(root, "docs/src") : shots, "watch-page.png") });
await picture.context().close();
await browser.close();

if (faults.length > 0) {
  console.error([...new Set(faults)].join("\n"));
  process.exit(1);
}
