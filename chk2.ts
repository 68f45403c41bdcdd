import {analyse,sharingGraph} from './src/core/service';
import {readFileSync,readdirSync,existsSync} from 'node:fs';
const w={batch:1,tokens:1024,decoderTokens:128,context:4096};
for(const d of readdirSync('samples')){const f=`samples/${d}/config.json`; if(!existsSync(f)) continue; const t=readFileSync(f,'utf8');
 analyse(t,w); let t0=performance.now(); for(let i=0;i<10;i++) analyse(t,w); const ms=(performance.now()-t0)/10;
 const a=analyse(t,w); const g=sharingGraph(t,w)!;
 console.log(d,a.outcome,ms.toFixed(2)+'ms',a.problems,a.figures&&{p:a.figures.parameters,f:a.figures.flops,kc:a.figures.keyCosts,un:a.figures.unread,mem:a.figures.memory, rows:a.figures.breakdown.length});
 console.log('  graph',g.nodes.length,g.data.length,g.shared.filter(s=>s.mark!=='broadcast').map(s=>`${s.mark} ${s.name} users ${s.users.length} x${s.applications} unique ${s.unique} saves ${s.saves} ${s.evidence}`));
 if(d.startsWith('llama')) {console.log(a.figures!.breakdown); console.log(g.data.map(e=>`${e.from} -> ${e.to}${e.skip?' (skip)':''}`).join('\n'))}
}
