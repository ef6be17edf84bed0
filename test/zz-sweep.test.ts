import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync, appendFileSync } from "node:fs";
import { stringify } from "yaml";
import { fieldListOf, type Field } from "/work/main/policy/lib/fields/list";
import { policies } from "/work/main/policy/index";
import { configMap, object, runFindings } from "/work/main/test/policy/support";
import { changed } from "/work/main/test/policy/fixtures";
const bin = (d: string, n: string) => { const b=`${process.env.HOME}/.cache/observability-cluster/bin/${d}`; return `${b}/${readdirSync(b)[0]}/${n}`; };
const prog = process.env.PROG as "Loki"|"Mimir"; const version = prog==="Loki"?"3.7":"3.0"; const exe = prog==="Loki"?bin("loki-next","loki-next"):bin("mimir","mimir");
const base: any = prog==="Loki" ? { auth_enabled:false, common:{path_prefix:"/tmp/lk",replication_factor:1,ring:{kvstore:{store:"inmemory"}},storage:{filesystem:{chunks_directory:"/tmp/lk/c",rules_directory:"/tmp/lk/r"}}}, schema_config:{configs:[{from:"2024-01-01",store:"tsdb",object_store:"filesystem",schema:"v13",index:{prefix:"i_",period:"24h"}}]} }
 : { multitenancy_enabled:false, common:{storage:{backend:"filesystem",filesystem:{dir:"/tmp/mm"}}}, blocks_storage:{filesystem:{dir:"/tmp/mm/b"},tsdb:{dir:"/tmp/mm/t"}}, ruler_storage:{filesystem:{dir:"/tmp/mm/r"}}, ingester:{ring:{kvstore:{store:"inmemory"},replication_factor:1}} };
const chosen = policies.filter((p)=>p.validateResource && p.validateStack && !/requests-and-limits|restricted|pinned|arm64|protected|plaintext|secrets-stay|settings-take/.test(p.name));
const p = prog.toLowerCase();
async function say(text: string) { const w=object("apps/v1","StatefulSet",{metadata:{namespace:"monitoring",name:p},spec:{replicas:1,template:{spec:{containers:[{name:p,image:`grafana/${p}:${version}.0`,args:["-config.file=/etc/x/config.yaml"],volumeMounts:[{name:"c",mountPath:"/etc/x"}]}],volumes:[{name:"c",configMap:{name:"loki"}}]}}}}); const out:string[]=[]; for (const q of chosen) { const r=await runFindings(q,[configMap(text),w]); out.push(...r.registered.flat(),...r.stack); } return out.filter(m=>!m.startsWith("advisory")); }
const values: Record<string, unknown[]> = { int:[0,-1], uint:[0], float:[0,-1], duration:["0s","-1s"], durationText:["0s","-1s"], period:["0s"], text:["nope", "::x y"], size:[0], bool:[true,false] };
it("sweep", async function(){ this.timeout(7200000); const list=fieldListOf(prog); const leaves: [string, Field][]=[]; const walk=(f: Field, path: string, depth: number)=>{ if(depth>7) return; for (const [k,own] of f.keys??[]) { if (own.versions && !own.versions.includes(version)) continue; const q=path?path+"."+k:k; if (own.kind==="block") walk(own,q,depth+1); else leaves.push([q,own]); } }; walk(list.root,"",0);
 console.log(leaves.length,"leaves"); let n=0; const seen=new Set<string>();
 for (const [path, f] of leaves) { const two=path.split(".").slice(-2).join("."); if (seen.has(two)) continue; seen.add(two); for (const v of values[f.kind]??[]) { const text=stringify(changed2(base,path,v)); if (text==="") continue; writeFileSync(`/tmp/or/s-${process.pid}.yaml`,text); const r=spawnSync(exe, p==="loki"?[`-config.file=/tmp/or/s-${process.pid}.yaml`,"-verify-config"]:[`-config.file=/tmp/or/s-${process.pid}.yaml`,"-modules"],{encoding:"utf8",timeout:20000}); const ok=r.status===0; n++; const ours=await say(text); const refused=ours.filter(m=>/refuses to start/.test(m)); if (ok !== (refused.length===0)) { const err=(r.stderr+r.stdout).trim().split("\n").pop()!.replace(/^.*err=/,"").slice(0,170); if(ours.length>0&&!ok) continue; appendFileSync("/tmp/or/sweep-"+p+".txt", `${ok?"ACCEPTS":"REFUSES"} ${path} = ${JSON.stringify(v)} :: ${ok?refused[0].slice(0,200):err}\n`); } } }
 console.log("tried",n, seen.size); });
function changed2(b:any,path:string,v:unknown){ try { return changed(b,path,v); } catch { return b; } }
