// One running demo: Node-RED with all flows of flows/, on 127.0.0.1 only. The hospital's database is the flows' own.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { wholeFlow } from '../flows.mjs';
import { nodeRedPackage, root } from '../shared.mjs';
import { demoSecrets, environmentOf, settingsOf } from './settings.mjs';
import { startImages } from './images.mjs';

const require = createRequire(import.meta.url);
const { SyntheticHospital } = require('../../dist/lib/simulator/hospital/hospital.js');

const HOST = '127.0.0.1';
/** The file of the hospital-database in flows/. */
const DATABASE = 'test-hospital.db';
const STARTED_WITHIN_MS = 40_000;

/**
 * Starts the demo in a user directory of its own, which is seeded when it is new. Port 0 takes any free one.
 * Errors are always logged, warnings only when asked for, and none of those that Node-RED gives on every new start.
 * Throws an error with code EADDRINUSE when the port is taken.
 */
export async function startDemo({ userDir, port, flow = wholeFlow(), warnings = false }) {
  const server = http.createServer();
  await listen(server, port);
  const url = `http://${HOST}:${server.address().port}`;
  const today = localDay(new Date());
  linkPack(userDir);
  const hospital = new SyntheticHospital({ path: path.join(userDir, DATABASE), today });
  const images = await startImages(hospital);
  // The demo's own values, whatever this machine is configured for: real secrets have no place in it.
  Object.assign(process.env, environmentOf(url), images.environment, demoSecrets);
  let starting = true;
  const showsWarnings = () => warnings && !starting;
  const RED = await startNodeRed(server, settingsOf({ userDir, showsWarnings }));
  if (RED.nodes.getFlows().flows.length === 0) await deploy(RED, flow.map(allowingTestData));
  starting = false;
  return { RED, url, hospital, images, today, stop: () => stop({ server, RED, hospital, images, userDir }) };
}

/** The hospital is made up: the self-check may book there, too. */
const allowingTestData = node => (node.type === 'exchange-check' ? { ...node, writes: 'test-data' } : node);

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
}

/** Node-RED loads the pack from here as if it had been installed; a junction needs no rights on Windows. */
function linkPack(userDir) {
  unlinkPack(userDir);
  const link = packLink(userDir);
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.symlinkSync(root, link, 'junction');
}

/** Must be called before the directory is deleted: what deletes a tree must never reach the checkout through it. */
export function unlinkPack(userDir) {
  const link = packLink(userDir);
  if (fs.lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) fs.unlinkSync(link);
}

function packLink(userDir) {
  const { name } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return path.join(userDir, 'node_modules', ...name.split('/'));
}

async function startNodeRed(server, settings) {
  const fromNodeRed = createRequire(require.resolve(`${nodeRedPackage()}/package.json`));
  const express = fromNodeRed('express');
  const RED = require(nodeRedPackage());
  const app = express();
  server.on('request', app);
  RED.init(server, settings);
  app.use(settings.httpAdminRoot, RED.httpAdmin);
  app.use(settings.httpNodeRoot, RED.httpNode);
  const started = flowsStarted(RED);
  await RED.start();
  await started;
  return RED;
}

async function deploy(RED, flows) {
  const started = flowsStarted(RED);
  await RED.runtime.flows.setFlows({ flows: { flows }, deploymentType: 'full' });
  await started;
}

/** Node-RED's own promises resolve before the nodes run. */
function flowsStarted(RED) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('Node-RED did not start its flows in time')),
      STARTED_WITHIN_MS,
    );
    RED.events.once('flows:started', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function stop({ server, RED, hospital, images, userDir }) {
  await RED.stop();
  await images.stop();
  await new Promise(resolve => {
    server.close(resolve);
    server.closeAllConnections();
  });
  hospital.close();
  unlinkPack(userDir);
}

/** `yyyy-MM-dd` of this machine's calendar, as the hospital's clocks show it. */
const localDay = date => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

const two = number => String(number).padStart(2, '0');
