import{A as de,B as it,C as nt,D as ot,E as lt,F as G,G as dt,H as pt,I as ct,J as ut,K as He,L as mt,M as ht,N as ft,O as gt,P as vt,Q as j,R as bt,S as c,T as $t,U as v,V as P,W as yt,X as b,Y as W,a as n,b as K,c as F,d as l,e as Ze,f as le,g as et,h as q,i as De,j as te,k as a,l as N,m as k,n as E,o as T,p as _,q as w,r as se,s as tt,t as $,u as A,v as ae,w as st,x as at,y as B,z as rt}from"./chunk-DSKSQ2TM.js";var Ue=["progress","proofread","result"];function kt(r){let[e="",t=""]=r.replace(/^#/,"").split("?"),s=e.split("/").filter(Boolean).map(decodeURIComponent);if(s.length===0)return{name:"train"};if(s[0]!=="tasks"||s.length>3)return{name:"missing"};if(s[1]===void 0)return{name:"tasks",search:new URLSearchParams(t)};let i=s[2]??"progress";return Ue.includes(i)?{name:"task",id:s[1],tab:i}:{name:"missing"}}function L(r,e="progress"){return e==="progress"?`#/tasks/${encodeURIComponent(r)}`:`#/tasks/${encodeURIComponent(r)}/${e}`}function C(r){location.hash=r}var Fe="voiceloom.theme",Jt={auto:"light",light:"dark",dark:"auto"};function pe(){let r=localStorage.getItem(Fe);return r==="light"||r==="dark"?r:"auto"}function qe(r=pe()){r==="auto"?(localStorage.removeItem(Fe),delete document.documentElement.dataset.theme):(localStorage.setItem(Fe,r),document.documentElement.dataset.theme=r),window.dispatchEvent(new Event("themechange"))}function wt(){window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>window.dispatchEvent(new Event("themechange")))}function Tt(){qe(Jt[pe()])}function D(r){return getComputedStyle(document.documentElement).getPropertyValue(r).trim()}var ce=class{title(){return a("missing.title")}render(){return n`<h1>${a("missing.title")}</h1>
      <p><a href="#/">${a("missing.back")}</a></p>`}};function z(r,e){return new Promise(t=>{let s=document.createElement("dialog");s.className="card ask",s.dataset.test="dialog",s.setAttribute("aria-labelledby","ask");let i=o=>()=>{s.returnValue=o?"yes":"",s.close()};le(n`
        <p id="ask">${r}</p>
        <div class="row">
          <button type="button" data-test="dialog-no" autofocus @click=${i(!1)}>${a("ask.no")}</button>
          <button type="button" class="danger" data-test="dialog-yes" @click=${i(!0)}>${e}</button>
        </div>
      `,s),s.addEventListener("close",()=>{s.remove(),t(s.returnValue==="yes")}),document.body.append(s),s.showModal()})}var _t=500,Zt=1e4,es=4e4,ts=2e4;function xt(r,e,t,s){let i=!1,o=Date.now(),d=new AbortController,p=()=>{};async function u(){let m=_t;for(;!i;){d=new AbortController;try{let h={Accept:"text/event-stream","Last-Event-ID":String(e)},f=`/tasks/${encodeURIComponent(r)}/progress`,y=await st(f,{headers:h,signal:d.signal});if(y.status===204||(s("open"),m=_t,await g(y)))return s("ended")}catch(h){if(h instanceof $&&h.status===404)return s("gone")}if(i)return;s("lost"),await new Promise(h=>{let f=setTimeout(h,m);p=()=>{clearTimeout(f),h()}}),m=Math.min(m*2,Zt)}}async function g(m){if(m.body===null)return!1;let h=m.body.pipeThrough(new TextDecoderStream).getReader(),f=d,y="",R=!1;for(;;){let ee=setTimeout(()=>f.abort(),es),{value:oe,done:Yt}=await h.read().finally(()=>clearTimeout(ee));if(o=Date.now(),Yt)return R;y+=oe;let Je=y.split(`

`);y=Je.pop()??"";for(let Xt of Je){let V=ss(Xt);V===null||V.id<=e||(e=V.id,R=V.name!=="progress"&&V.name!=="log",t(V))}}}let M=()=>{document.visibilityState==="visible"&&(p(),Date.now()-o>ts&&d.abort())};return document.addEventListener("visibilitychange",M),window.addEventListener("online",M),u(),{stop(){i=!0,d.abort(),p(),document.removeEventListener("visibilitychange",M),window.removeEventListener("online",M)}}}function ss(r){let e="message",t="",s="";for(let i of r.split(`
`)){let o=i.indexOf(":"),d=o<0?i:i.slice(0,o),p=o<0?"":i.slice(o+1).replace(/^ /,"");d==="event"?e=p:d==="id"?t=p:d==="data"&&(s+=p)}return t===""?null:{name:e,id:Number(t),data:JSON.parse(s)}}var Et=["fast","standard","high"],St=["audio_slice","asr","text_feature","hubert_feature","semantic_token","sovits_train","gpt_train","inference"],ze=["queued","running","interrupted","completed","failed","cancelled"];function re(r){return["completed","failed","cancelled"].includes(r.status)}var Ve=["mel","kl","ce","accuracy","gen","fm","disc","stft","pitch","guide","commit","total"],as=new Set(["total","disc","commit"]),Ke="accuracy",ue=4,Rt=220,rs=5;function is(r){let e=new Set(r.flatMap(s=>Object.keys(s.losses))),t=s=>Ve.includes(s)?Ve.indexOf(s):Ve.length;return[...e].sort((s,i)=>t(s)-t(i)||(s<i?-1:1))}var Be=class extends W{data=null;names=[];switched=new Map;chart=null;made="";given=null;broken=!1;resized=new ResizeObserver(()=>this.fit());onTheme=()=>this.chart?.redraw(!1);onText=()=>this.chart?.redraw(!1);set curve(e){e!==this.data&&(this.data=e,this.names=is(e.points),this.changed())}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme),window.addEventListener("textchange",this.onText),this.resized.observe(this)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),window.removeEventListener("textchange",this.onText),this.resized.disconnect(),this.chart?.destroy(),this.chart=null,this.made=""}shows(e){return this.switched.get(e)??!as.has(e)}toggle(e){this.switched.set(e,!this.shows(e)),this.chart?.setSeries(this.names.indexOf(e)+1,{show:this.shows(e)}),this.changed()}fit(){let e=this.querySelector(".chart")?.clientWidth??0;e>0&&e!==this.chart?.width&&this.chart?.setSize({width:e,height:Rt})}drawn(){if(this.data===null||this.names.length===0)return;let e=this.names.join();if(this.made===e){this.chart!==null&&this.given!==this.data&&(this.given=this.data,this.chart.setData(this.rows(this.data)));return}this.made=e,this.paint(e).catch(()=>{this.broken=!0,this.changed()})}rows(e){let t=this.names.map(s=>e.points.map(i=>i.losses[s]??null));return[e.points.map(s=>s.step),...t]}async paint(e){let{default:t}=await import("./uPlot.esm-ULJJVTMH.js"),s=this.querySelector(".chart");if(s===null||this.data===null||!this.isConnected||this.made!==e)return;this.chart?.destroy();let i={stroke:()=>D("--muted"),grid:{stroke:()=>D("--line"),width:1}},o=this.names.includes(Ke),d={width:Math.max(1,s.clientWidth),height:Rt,legend:{show:!1},cursor:{y:!1,drag:{x:!1,y:!1}},scales:{x:{time:!1},share:{range:[0,1]}},axes:[{...i,values:(p,u)=>u.map(g=>Number.isInteger(g)?E(g):"")},{...i,size:56,values:(p,u)=>u.map(g=>String(Number(g.toPrecision(4))))},...o?[{...i,scale:"share",side:1,grid:{show:!1},values:(p,u)=>u.map(g=>T(g))}]:[]],series:[{},...this.names.map((p,u)=>({label:p,scale:p===Ke?"share":"y",show:this.shows(p),stroke:()=>D(`--curve-${u%ue+1}`),width:2,points:{show:g=>g.data[0].length<2},spanGaps:!0,...u>=ue?{dash:[6,4]}:{}}))],hooks:{setCursor:[()=>this.changed()]}};this.given=this.data,this.chart=new t(d,this.rows(this.data),s),this.changed()}get read(){return this.data?.points[this.chart?.cursor.idx??-1]??this.data?.points.at(-1)}value(e,t){let s=e?.losses[t];return s===void 0?"\u2013":t===Ke?T(s,1):E(s,3)}template(){let e=this.data;if(e===null||this.names.length===0)return n``;let[t,s]=[e.points[0],e.points.at(-1)],i=this.names.map(o=>a("curves.from_to",{name:k("studio.loss",o),from:this.value(t,o),to:this.value(s,o)}));return n`
      <div class="row small legend">
        ${this.names.map((o,d)=>n`
            <button
              type="button"
              class="plain small"
              aria-pressed=${this.shows(o)}
              data-test="curve-${o}"
              @click=${()=>this.toggle(o)}
            >
              <span class="swatch swatch-${d%ue+1} ${d>=ue?"dashed":""}" aria-hidden="true"></span>
              ${k("studio.loss",o)} <span class="number">${this.value(this.read,o)}</span>
            </button>
          `)}
        <span class="muted number">${a("curves.step",{step:this.read?.step??0,all:e.total_steps})}</span>
      </div>
      <div
        class="chart"
        role="img"
        aria-label="${a(`stage.${e.stage}`)}: ${i.join("; ")}"
        ?hidden=${this.broken}
        data-test="chart"
      ></div>
      ${this.table(e)}
    `}table(e){let t=e.points.slice(-rs).reverse();return n`
      <details ?open=${this.broken}>
        <summary class="small">${a("curves.table")}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${a("curves.table")}>
          <table class="small number" data-test="curve-table">
            <thead>
              <tr>
                <th scope="col">${a("curves.steps")}</th>
                <th scope="col">${a("curves.epoch")}</th>
                ${this.names.map(s=>n`<th scope="col">${k("studio.loss",s)}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${t.map(s=>n`<tr>
                  <th scope="row">${s.step}</th>
                  <td>${s.epoch}</td>
                  ${this.names.map(i=>n`<td>${this.value(s,i)}</td>`)}
                </tr>`)}
            </tbody>
          </table>
        </div>
      </details>
    `}};customElements.define("vl-curves",Be);var At=2e3,ns=["sovits_train","gpt_train"],me=class{constructor(e){this.id=e}id;curves=[];running=!1;known="";asking=!1;owed=!1;shown=0;missing=!1;timer=window.setInterval(()=>this.tick(),At);stop(){clearInterval(this.timer)}tick(){let e=document.visibilityState==="visible"&&Date.now()-this.shown<2*At;(this.running||this.owed)&&e&&this.load()}async load(){if(!(this.asking||this.missing)){this.asking=!0;try{this.curves=(await gt(this.id)).curves,this.owed=!1}catch(e){this.missing=e instanceof $&&e.status===404,this.owed=!0}this.asking=!1,c()}}look(e){let t=e.stages.filter(i=>ns.includes(i.name));this.running=t.some(i=>i.status==="running"),this.shown=Date.now();let s=t.map(i=>i.status).join();s===this.known||this.asking||(this.known=s,t.some(i=>i.status!=="pending")?this.load():this.curves=[])}render(e){this.look(e);let t=this.curves.filter(s=>s.points.length>0);return t.length===0?l:n`
      <section class="card" data-test="curves">
        <h2>${a("curves.title")}</h2>
        <p class="muted small">${a("curves.hint")}</p>
        ${t.map(s=>n`
            <h3>${a(`stage.${s.stage}`)}</h3>
            <vl-curves data-stage=${s.stage} .curve=${s}></vl-curves>
          `)}
      </section>
    `}};var os="stage.done",ls=500,ds={pending:"\u25CB",running:"\u25D4",completed:"\u2713",failed:"\u2715",cancelled:"\u2013",skipped:"\u2013"};function ps(r){let e=Object.entries(r.expert??{}).filter(([,t])=>t!==null);return e.length===0?l:n`
    <details class="card" data-test="chosen">
      <summary>${a("expert.title")}</summary>
      <dl class="facts">
        ${e.map(([t,s])=>n`<div>
            <dt class="muted small">${a(`expert.field.${t}`)}</dt>
            <dd class="number">${s}</dd>
          </div>`)}
      </dl>
    </details>
  `}var he=class{lines=[];ends=new Map;curves;constructor(e){this.curves=new me(e)}stop(){this.curves.stop()}onEvent(e){if(e.name==="log")this.lines.push(e),this.lines.length>ls&&this.lines.shift();else if(e.name==="progress"&&e.data.stage){let t=e.data.eta_seconds;typeof t=="number"?this.ends.set(e.data.stage,Date.now()+t*1e3):this.ends.delete(e.data.stage)}}render(e){return n`
      <section class="card">
        <label class="small">
          ${a("progress.whole",{share:T(e.progress)})}
          ${e.queue_position?n` · ${a("tasks.position",{position:e.queue_position})}`:l}
          <progress max="1" .value=${e.progress} data-test="bar"></progress>
        </label>
        <ol class="stages">
          ${e.stages.map(t=>this.stage(t))}
        </ol>
      </section>
      ${ps(e)} ${this.curves.render(e)}
      <details class="card" data-test="logs">
        <summary>${a("progress.logs",{count:this.lines.length})}</summary>
        ${this.lines.length===0?n`<p class="muted">${a("progress.no_logs")}</p>`:l}
        <ul class="lines small">
          ${this.lines.map(t=>n`<li class=${t.data.level??"info"} data-test="log-line" data-id=${t.id}>
              ${t.data.stage?`${a(`stage.${t.data.stage}`)}: `:""}${N(t.data)}
            </li>`)}
        </ul>
      </details>
    `}stage(e){let t=e.status==="running",s=this.ends.get(e.name);return n`
      <li class=${e.status} data-test="stage-${e.name}" data-status=${e.status}>
        <span class="icon" aria-hidden="true">${ds[e.status]}</span>
        <span class="what">
          <strong>${a(`stage.${e.name}`)}</strong>
          <span class="muted small">${a(`stage_status.${e.status}`)}</span>
          ${e.message_key&&e.message_key!==os&&e.status!=="pending"?n`<span class="small">${N(e)}</span>`:l}
        </span>
        <span class="muted small number">
          ${e.seconds!==null&&!t?_(e.seconds):l}
          ${t&&s!==void 0?n`<span data-test="eta">${a("progress.left",{time:_((s-Date.now())/1e3)})}</span>`:l}
        </span>
        ${t?n`<progress max="1" .value=${e.progress} aria-label=${a(`stage.${e.name}`)}></progress>`:l}
      </li>
    `}};var I={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},fe=r=>(...e)=>({_$litDirective$:r,values:e}),Q=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,s){this._$Ct=e,this._$AM=t,this._$Ci=s}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}};var{I:cs}=Ze,Mt=r=>r;var Lt=r=>r.strings===void 0,Pt=()=>document.createComment(""),Y=(r,e,t)=>{let s=r._$AA.parentNode,i=e===void 0?r._$AB:e._$AA;if(t===void 0){let o=s.insertBefore(Pt(),i),d=s.insertBefore(Pt(),i);t=new cs(o,d,r,r.options)}else{let o=t._$AB.nextSibling,d=t._$AM,p=d!==r;if(p){let u;t._$AQ?.(r),t._$AM=r,t._$AP!==void 0&&(u=r._$AU)!==d._$AU&&t._$AP(u)}if(o!==i||p){let u=t._$AA;for(;u!==o;){let g=Mt(u).nextSibling;Mt(s).insertBefore(u,i),u=g}}}return t},H=(r,e,t=r)=>(r._$AI(e,t),r),us={},ge=(r,e=us)=>r._$AH=e,Ct=r=>r._$AH,ve=r=>{r._$AR(),r._$AA.remove()};var Nt=(r,e,t)=>{let s=new Map;for(let i=e;i<=t;i++)s.set(r[i],i);return s},U=fe(class extends Q{constructor(r){if(super(r),r.type!==I.CHILD)throw Error("repeat() can only be used in text expressions")}dt(r,e,t){let s;t===void 0?t=e:e!==void 0&&(s=e);let i=[],o=[],d=0;for(let p of r)i[d]=s?s(p,d):d,o[d]=t(p,d),d++;return{values:o,keys:i}}render(r,e,t){return this.dt(r,e,t).values}update(r,[e,t,s]){let i=Ct(r),{values:o,keys:d}=this.dt(e,t,s);if(!Array.isArray(i))return this.ut=d,o;let p=this.ut??=[],u=[],g,M,m=0,h=i.length-1,f=0,y=o.length-1;for(;m<=h&&f<=y;)if(i[m]===null)m++;else if(i[h]===null)h--;else if(p[m]===d[f])u[f]=H(i[m],o[f]),m++,f++;else if(p[h]===d[y])u[y]=H(i[h],o[y]),h--,y--;else if(p[m]===d[y])u[y]=H(i[m],o[y]),Y(r,u[y+1],i[m]),m++,y--;else if(p[h]===d[f])u[f]=H(i[h],o[f]),Y(r,i[m],i[h]),h--,f++;else if(g===void 0&&(g=Nt(d,f,y),M=Nt(p,m,h)),g.has(p[m]))if(g.has(p[h])){let R=M.get(d[f]),ee=R!==void 0?i[R]:null;if(ee===null){let oe=Y(r,i[m]);H(oe,o[f]),u[f]=oe}else u[f]=H(ee,o[f]),Y(r,i[m],ee),i[R]=null;f++}else ve(i[h]),h--;else ve(i[m]),m++;for(;f<=y;){let R=Y(r,u[y+1]);H(R,o[f]),u[f++]=R}for(;m<=h;){let R=i[m++];R!==null&&ve(R)}return this.ut=d,ge(r,u),F}});var x=fe(class extends Q{constructor(r){if(super(r),r.type!==I.PROPERTY&&r.type!==I.ATTRIBUTE&&r.type!==I.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!Lt(r))throw Error("`live` bindings can only contain a single expression")}render(r){return r}update(r,[e]){if(e===F||e===l)return e;let t=r.element,s=r.name;if(r.type===I.PROPERTY){if(e===t[s])return F}else if(r.type===I.BOOLEAN_ATTRIBUTE){if(!!e===t.hasAttribute(s))return F}else if(r.type===I.ATTRIBUTE&&t.getAttribute(s)===e+"")return F;return ge(r),e}});function ie(r){return n`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${r}</svg>`}var X=ie(K`<path d="M7 4.5v15l13-7.5z" fill="currentColor"></path>`),be=ie(K`<path d="M6 4.5h4v15H6zm8 0h4v15h-4z" fill="currentColor"></path>`),xa=ie(K`<path d="M6 6h12v12H6z" fill="currentColor"></path>`),Ea=ie(K`<path d="M12 14.5a3.5 3.5 0 0 0 3.5-3.5V6a3.5 3.5 0 0 0-7 0v5a3.5 3.5 0 0 0 3.5 3.5zm-7-4h1.8v.5a5.2 5.2 0 0 0 10.4 0v-.5H19v.5a7 7 0 0 1-6.1 6.9V22h-1.8v-4.1A7 7 0 0 1 5 11z" fill="currentColor"></path>`),Sa=ie(K`<path d="M12 3.5l5.5 5.5-1.4 1.4-3.1-3.1V16h-2V7.3l-3.1 3.1L6.5 9zM5 18.5h14v2H5z" fill="currentColor"></path>`);var Ge=null;function $e(r){r.addEventListener("play",()=>{Ge!==r&&Ge?.pause(),Ge=r})}function ye(r){r.pause(),r.removeAttribute("src"),r.load()}async function ke(r,e){let t=e.startsWith("blob:")?null:await at(e);if(t!==null)return t;let i=r.error?.code===MediaError.MEDIA_ERR_NETWORK?"studio.player.broken_off":"studio.player.unplayable";return new $(0,"UNPLAYABLE",r.error?.message??"",i)}function we(r){return r>60?5:1}var je=class extends W{media=new Audio;source="";known=0;name="";buttonTest="play";waiting=!1;error=null;frame=0;constructor(){super(),$e(this.media);for(let e of["loadedmetadata","durationchange","seeked","timeupdate"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused)),this.media.addEventListener("playing",()=>this.wait(!1)),this.media.addEventListener("pause",()=>this.wait(!1)),this.media.addEventListener("error",()=>{this.fail()});for(let e of["play","pause","ended"])this.media.addEventListener(e,()=>{this.follow(),this.dispatchEvent(new Event(e))})}set src(e){e!==this.source&&(this.source=e,this.load())}set seconds(e){this.known=e,this.media.preload=e>0?"none":"metadata",this.changed()}set label(e){this.name=e,this.changed()}set test(e){this.buttonTest=e,this.changed()}connectedCallback(){super.connectedCallback(),this.source&&!this.media.getAttribute("src")&&this.load()}disconnectedCallback(){super.disconnectedCallback(),cancelAnimationFrame(this.frame),ye(this.media)}play(){this.error&&this.load(),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.media.play().catch(()=>this.wait(!1))}pause(){this.media.pause()}toggle(){this.media.paused?this.play():this.pause()}load(){this.error=null,this.waiting=!1,!(!this.isConnected||!this.source)&&(this.media.preload=this.known>0?"none":"metadata",this.media.src=this.source,this.changed())}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=this.source,t=await ke(this.media,e);e!==this.source||!this.isConnected||(this.error=t,this.media.pause(),this.wait(!1))}follow(){cancelAnimationFrame(this.frame),this.changed(),!this.media.paused&&this.isConnected&&(this.frame=requestAnimationFrame(()=>this.follow()))}get length(){return Number.isFinite(this.media.duration)?this.media.duration:this.known}seek(e){this.media.currentTime=Math.min(Math.max(0,e),this.length),this.changed()}onKey(e){let t=we(this.length);if(e.key===" ")this.toggle();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.media.currentTime-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.media.currentTime+t);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,s]=[w(this.media.currentTime),this.length>0?w(Math.round(this.length)):"\u2013:\u2013\u2013"],i=this.name?`${a(e?"player.pause":"player.play")}: ${this.name}`:l;return n`
      <button
        class="round"
        type="button"
        aria-label=${i===l?a(e?"player.pause":"player.play"):i}
        aria-busy=${this.waiting}
        data-test=${this.buttonTest}
        @click=${()=>this.toggle()}
      >
        ${this.waiting?n`<span class="spinner" aria-hidden="true"></span>`:e?be:X}
      </button>
      <input
        type="range"
        min="0"
        max=${this.length||1}
        step="any"
        .value=${x(String(this.media.currentTime))}
        aria-label=${this.name?`${a("player.position")}: ${this.name}`:a("player.position")}
        aria-valuetext=${a("player.at",{at:t,whole:s})}
        ?disabled=${this.length<=0}
        data-test="seek"
        @input=${o=>this.seek(o.target.valueAsNumber)}
        @keydown=${o=>this.onKey(o)}
      />
      <span class="number small muted" aria-hidden="true">${t} / ${s}</span>
      ${v(this.error)}
    `}};customElements.define("vl-player",je);var Ot=.6,ms=.85;function hs(r,e){let t=[],s=0;for(let{text:i,probability:o}of e){let d=i.trim(),p=d===""?-1:r.indexOf(d,s);if(p<0||o>=Ot){p>=0&&(t.push(r.slice(s,p+d.length)),s=p+d.length);continue}let u=a("proofread.unsure",{share:T(o)});t.push(r.slice(s,p),n`<mark title=${u} data-test="unsure">${d}</mark>`),s=p+d.length}return[...t,r.slice(s)]}function fs({clip:r,draft:e,unsaved:t}){let s=r.confidence>=ms?"good":r.confidence>=Ot?"fair":"poor",i=e.text.trim()!==""&&e.text.trim()!==r.recognised_text;return n`
    <span class="badge ${s}" data-test="confidence">${a("proofread.sure",{share:T(r.confidence)})}</span>
    ${i?n`<span class="badge running" data-test="corrected">${a("proofread.corrected")}</span>`:l}
    ${e.dropped?n`<span class="badge bad" data-test="dropped">${a("proofread.dropped")}</span>`:l}
    ${t?n`<span class="badge warn" data-test="changed">${a("proofread.changed")}</span>`:l}
  `}function It(r){let{clip:e,draft:t,editable:s}=r,i=w(e.start),o=a("proofread.clip",{at:i}),d=t.text!==e.recognised_text;return n`
    <li class="card clip ${t.dropped?"out":""}" data-test="clip" data-clip=${e.clip_id}>
      <div class="row spread">
        <span class="row"
          ><strong class="number">${i}</strong>
          <span class="muted small">${a("time.seconds",{s:E(e.seconds,1)})}</span>
          ${fs(r)}</span
        >
        <label class="row small">
          <input
            type="checkbox"
            data-test="keep"
            .checked=${x(!t.dropped)}
            ?disabled=${!s}
            @change=${p=>r.change({...t,dropped:!p.target.checked})}
          />
          ${a("proofread.keep")}
        </label>
      </div>
      <vl-player .src=${r.src} .seconds=${e.seconds} .label=${o}></vl-player>
      <textarea
        rows="2"
        maxlength="1000"
        lang=${e.language==="zh"?"zh-CN":e.language||l}
        aria-label=${a("proofread.text_of",{at:i})}
        data-test="text"
        .value=${x(t.text)}
        ?readonly=${!s}
        @input=${p=>r.change({...t,text:p.target.value})}
        @change=${()=>t.text.trim()===""&&r.change({...t,text:e.recognised_text})}
      ></textarea>
      ${r.wrong===null?l:n`<p class="small bad-text" role="alert">${r.wrong}</p>`}
      <p class="small muted">
        ${e.recognised_text?n`${a("proofread.heard")} <span data-test="recognised">${hs(e.recognised_text,e.words)}</span>`:a("proofread.heard_nothing")}
        ${d&&s&&e.recognised_text?n`<button
              type="button"
              class="link"
              data-test="reset"
              aria-label=${a("proofread.reset_of",{at:i})}
              @click=${()=>r.change({...t,text:e.recognised_text})}
            >
              ${a("proofread.reset")}
            </button>`:l}
      </p>
      ${!e.kept&&e.drop_reason&&!t.dropped?n`<p class="small bad-text" data-test="left-out">
            ${a("proofread.left_out",{reason:k("reason",e.drop_reason)})}
          </p>`:l}
    </li>
  `}var We=40,Te=class{constructor(e,t){this.id=e;this.retrain=t}id;retrain;found=null;order="confidence";most=We;drafts=new Map;error=null;refused=null;sent=[];busy=!1;known="";get unsaved(){return this.drafts.size>0}forget(){this.drafts.clear()}look(e){let t=`${e.status} ${e.stages.map(s=>s.status).join()}`;t!==this.known&&(this.known=t,this.load())}async load(){try{this.take(await ht(this.id)),this.error=null}catch(e){this.error=e}c()}take(e){this.found=e;for(let t of e.items){let s=this.drafts.get(t.clip_id);s&&this.change(t,s)}}draft(e){return this.drafts.get(e.clip_id)??{text:e.text,dropped:e.dropped}}change(e,t){t.text===e.text&&t.dropped===e.dropped?this.drafts.delete(e.clip_id):this.drafts.set(e.clip_id,t),c()}corrections(e){return e.flatMap(t=>{let s=this.draft(t),i=s.text.trim(),o=i===""||i===t.recognised_text?null:i;return o===null&&!s.dropped?[]:[{clip_id:t.clip_id,text:o,dropped:s.dropped}]})}async save(){if(this.found===null||this.busy)return!1;if(!this.unsaved)return!0;this.busy=!0,this.refused=null,c();let e=new Map(this.drafts);this.sent=this.corrections(this.found.items);try{let t=await ft(this.id,this.sent);for(let[s,i]of e)this.drafts.get(s)===i&&this.drafts.delete(s);this.take(t),b(a("proofread.saved"))}catch(t){this.refused=t,b(A(t))}return this.busy=!1,c(),this.refused===null}async again(){if(await this.save()){this.busy=!0,c();try{await this.retrain()}catch(e){this.refused=e,b(A(e))}this.busy=!1,c()}}wrong(e){let t=this.sent.findIndex(s=>s.clip_id===e.clip_id);return this.refused instanceof $?ae(this.refused,`items.${t}.text`):null}sorted(e){let t={confidence:(s,i)=>s.confidence-i.confidence||s.start-i.start,time:(s,i)=>s.start-i.start};return[...e].sort(t[this.order])}onKey(e){let t=e.target.closest("[data-test=clip]");if((e.ctrlKey||e.metaKey)&&e.key==="s")this.save();else if((e.ctrlKey||e.metaKey)&&e.key==="Enter")t?.querySelector("vl-player")?.toggle();else if(e.altKey&&e.key==="ArrowDown")this.move(t?.nextElementSibling);else if(e.altKey&&e.key==="ArrowUp")this.move(t?.previousElementSibling);else return;e.preventDefault()}move(e){e?.querySelector("textarea")?.focus()}render(e){this.look(e);let t=this.found;if(t===null)return this.error===null?P():this.error instanceof $&&this.error.status===409?n`<p class="notice" data-test="not-ready">${A(this.error)}</p>`:n`${v(this.error)}<button type="button" @click=${()=>this.load()}>${a("again")}</button>`;if(t.items.length===0)return n`<p class="notice">${a("proofread.none")}</p>`;let s=re(e),i=this.sorted(t.items);return n`
      <section class="proofread" data-test="proofread" @keydown=${o=>this.onKey(o)}>
        <p class="muted">${a(t.aligned?"proofread.lead_aligned":"proofread.lead")}</p>
        ${s?l:n`<p class="notice" data-test="not-ended">${a("proofread.not_ended")}</p>`}
        ${t.pending?n`<p class="notice warn" data-test="pending">${a("proofread.pending")}</p>`:l}
        <div class="row spread">
          ${this.orders()}
          <span class="muted small">${a("proofread.keys")}</span>
        </div>
        <ol class="clips">
          ${U(i.slice(0,this.most),o=>o.clip_id,o=>It({clip:o,draft:this.draft(o),src:j(this.id,"clip",`${o.clip_id}.wav`),editable:s&&!this.busy,unsaved:this.drafts.has(o.clip_id),wrong:this.wrong(o),change:d=>this.change(o,d)}))}
        </ol>
        ${i.length>this.most?n`<button
              type="button"
              data-test="more"
              @click=${()=>{this.most+=We,c()}}
            >
              ${a("proofread.more",{count:i.length-this.most})}
            </button>`:l}
        ${s?this.bar(t):l}
      </section>
    `}orders(){return n`
      <label class="row small">
        ${a("proofread.order")}
        <select
          data-test="order"
          @change=${e=>{this.order=e.target.value,this.most=We,c()}}
        >
          ${["confidence","time"].map(e=>n`<option value=${e} ?selected=${e===this.order}>${a(`proofread.by.${e}`)}</option>`)}
        </select>
      </label>
    `}bar(e){return n`
      <div class="card actions-bar" role="region" aria-label=${a("proofread.actions")}>
        ${v(this.refused)}
        <div class="row">
          <button
            type="button"
            data-test="save"
            ?disabled=${!this.unsaved||this.busy}
            aria-busy=${this.busy}
            @click=${()=>this.save()}
          >
            ${a("proofread.save")}
          </button>
          <button
            type="button"
            class="primary"
            data-test="retrain"
            ?disabled=${!this.unsaved&&!e.pending||this.busy}
            aria-describedby="retrain-hint"
            @click=${()=>this.again()}
          >
            ${a("proofread.retrain")}
          </button>
          <span class="muted small" role="status" data-test="unsaved">
            ${this.unsaved?a("proofread.unsaved",{count:this.drafts.size}):l}
          </span>
        </div>
        <p class="muted small" id="retrain-hint">${a("proofread.retrain_hint")}</p>
      </div>
    `}};var _e=class{open=new Set;ready=!1;error=null;async toggled(e,t){if(t?this.open.add(e):this.open.delete(e),t&&!this.ready)try{await import("./spectrogram-URAJC4M6.js"),this.ready=!0,this.error=null}catch(s){this.error=s}c()}picture(e,t,s){let i=()=>this.ready?n`<vl-spectrogram .sound=${t} .label=${s}></vl-spectrogram>`:this.error?v(this.error):P();return n`
      <details
        data-test="spectrogram-toggle"
        @toggle=${o=>this.toggled(e,o.target.open)}
      >
        <summary class="small">${a("spectrogram.title")}</summary>
        ${this.open.has(e)?i():l}
      </details>
    `}};function xe(r){let e=Object.entries(r).filter(([,t])=>t!==void 0&&t!=="");if(e.length!==0)return Object.fromEntries(e.map(([t,s])=>[t,Number(s)]))}function Ee(r,e,t=""){return r instanceof $&&e.some(({name:s})=>ae(r,t+s)!==null)}function Se(r,e,t,s,i,o){let d=`field-${r.name}`,p=s instanceof $?ae(s,i):null;return n`
    <div class="field">
      <label for=${d} class="small">${e}</label>
      <input
        id=${d}
        type="number"
        inputmode="decimal"
        min=${r.min}
        max=${r.max}
        step=${r.step}
        placeholder="${r.min}–${r.max}"
        data-test=${d}
        aria-invalid=${p!==null}
        aria-describedby=${p===null?l:`${d}-wrong`}
        .value=${x(t[r.name]??"")}
        @input=${u=>{t[r.name]=u.target.value,o()}}
      />
      ${p===null?l:n`<span id="${d}-wrong" class="small bad-text" role="alert">${p}</span>`}
    </div>
  `}var gs=5e3,vs=12,Dt=[{name:"speed",min:.25,max:4,step:"any"},{name:"temperature",min:.01,max:2,step:"any"},{name:"top_k",min:1,max:1e3,step:1},{name:"top_p",min:.01,max:1,step:"any"},{name:"repetition_penalty",min:1,max:5,step:"any"},{name:"seed",min:0,max:Number.MAX_SAFE_INTEGER,step:1}],Re=class{constructor(e,t){this.id=e;this.pictures=t;B().then(s=>{this.languages=s.languages,c()},()=>{})}id;pictures;text="";language="";languages=[];typed={};spoken=[];refused=null;speaking=null;stop(){this.speaking?.abort();for(let e of this.spoken)URL.revokeObjectURL(e.url)}async speak(e){e.preventDefault();let t=this.text.trim();if(t===""||this.speaking)return;let s=new AbortController;this.speaking=s,this.refused=null,c();let i={text:t,...this.language?{language:this.language}:{},...xe(this.typed)};try{let o=await vt(this.id,i,s.signal);this.spoken.unshift({id:crypto.randomUUID(),text:t,sound:o,url:URL.createObjectURL(o)});for(let d of this.spoken.splice(vs))URL.revokeObjectURL(d.url);b(a("speak.done"))}catch(o){s.signal.aborted||(this.refused=o,b(A(o)))}this.speaking=null,c()}render(){return n`
      <section class="card speak" data-test="speak">
        <h2>${a("speak.title")}</h2>
        <form class="stack" novalidate @submit=${e=>this.speak(e)}>
          <div class="field">
            <label for="speak-text" class="hidden">${a("speak.text")}</label>
            <textarea
              id="speak-text"
              rows="3"
              maxlength=${gs}
              placeholder=${a("speak.text")}
              data-test="speak-text"
              .value=${x(this.text)}
              @input=${e=>{this.text=e.target.value,c()}}
              @keydown=${e=>(e.ctrlKey||e.metaKey)&&e.key==="Enter"&&this.speak(e)}
            ></textarea>
          </div>
          ${this.advanced()} ${v(this.refused)}
          <div class="row">
            <button
              type="submit"
              class="primary"
              data-test="speak-start"
              aria-busy=${this.speaking!==null}
              ?disabled=${this.speaking!==null||this.text.trim()===""}
            >
              ${this.speaking?n`<span class="spinner" aria-hidden="true"></span> ${a("speak.speaking")}`:a("speak.start")}
            </button>
            ${this.speaking?n`<button type="button" data-test="speak-cancel" @click=${()=>this.speaking?.abort()}>
                  ${a("speak.cancel")}
                </button>`:l}
          </div>
        </form>
        <ul class="spoken">
          ${U(this.spoken,e=>e.id,e=>this.heard(e))}
        </ul>
      </section>
    `}heard(e){return n`
      <li data-test="spoken">
        <q>${e.text}</q>
        <vl-player .src=${e.url} .label=${e.text} .test=${"play-spoken"}></vl-player>
        <div class="row">
          <a class="button" href=${e.url} download="speech.wav" data-test="download-spoken"
            >${a("result.download_audio",{size:se(e.sound.size)})}</a
          >
        </div>
        ${this.pictures.picture(e.id,e.sound,e.text)}
      </li>
    `}advanced(){return n`
      <details data-test="speak-advanced" ?open=${Ee(this.refused,Dt)}>
        <summary>${a("speak.advanced")}</summary>
        <p class="muted small">${a("speak.advanced_hint")}</p>
        <div class="numbers">
          ${this.languages.length>1?n`<div class="field">
                <label for="speak-language" class="small">${a("speak.language")}</label>
                <select
                  id="speak-language"
                  @change=${e=>{this.language=e.target.value}}
                >
                  <option value="">${a("speak.language_own")}</option>
                  ${this.languages.map(e=>n`<option value=${e} ?selected=${e===this.language}>${k("language",e)}</option>`)}
                </select>
              </div>`:l}
          ${Dt.map(e=>Se(e,a(`speak.setting.${e.name}`),this.typed,this.refused,e.name,c))}
        </div>
      </details>
    `}};var Ht=100;function bs(r){return["gpt","sovits"].every(e=>r.some(t=>t.kind===e))}async function $s(r){let e=new Set;for(let t=0,s=1;t<s;t+=Ht){let i=await G("","",Ht,t);s=i.total;for(let o of i.items)if(o.id!==r.id)for(let d of o.audio_file_ids)e.add(d)}return e}var Ae=class{constructor(e,t){this.id=e;this.onDeleted=t;this.speech=new Re(e,this.pictures)}id;onDeleted;made=null;error=null;refused=null;pictures=new _e;speech;stop(){this.speech.stop()}async load(){try{this.made=await mt(this.id),this.error=null}catch(e){this.error=e}c()}async deleteAll(e){if(await z(a("result.delete_sure",{name:e.exp_name}),a("result.delete")))try{let t=await $s(e);await ct(this.id);for(let s of e.audio_file_ids.filter(i=>!t.has(i)))await de(s).catch(i=>{if(!(i instanceof $)||![404,409].includes(i.status))throw i});b(a("result.deleted")),this.onDeleted(),C("#/tasks")}catch(t){this.refused=t,c()}}render(e){let t=this.made;if(t===null)return this.error?n`${v(this.error)}`:P();let s=[...t.outputs].sort((i,o)=>Number(o.best)-Number(i.best));return n`
      ${s.length===0?n`<p class="notice">${a("result.none")}</p>`:l}
      ${t.target_text&&s.length?n`<p>${a("result.said")} <q>${t.target_text}</q></p>`:l}
      ${bs(t.models)?this.speech.render():l}
      ${s.map(i=>this.candidate(i))} ${this.reference(t)} ${this.models(t.models)}
      <section class="card">
        <h2>${a("result.delete_title")}</h2>
        <p class="muted">${a("result.delete_what")}</p>
        ${v(this.refused)}
        <button class="danger" data-test="delete" @click=${()=>this.deleteAll(e)}>${a("result.delete")}</button>
      </section>
    `}candidate(e){let t=j(this.id,"output",e.filename);return n`
      <section class="card candidate" data-test="candidate" data-best=${e.best}>
        <div class="row spread">
          <h2>${e.best?a("result.best"):a("result.candidate")}</h2>
          ${e.best?n`<span class="badge good">${a("result.best_badge")}</span>`:l}
        </div>
        <vl-player .src=${t} .seconds=${e.seconds} .label=${e.filename}></vl-player>
        <dl class="facts">
          <div>
            <dt class="muted small">${a("result.wer")}</dt>
            <dd class="number">${T(e.word_error_rate)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.similarity")}</dt>
            <dd class="number">${E(e.speaker_similarity,2)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.length")}</dt>
            <dd class="number">${_(e.seconds)}</dd>
          </div>
        </dl>
        <p class="small muted">${a("result.heard")} <q>${e.heard_text}</q></p>
        <p class="small muted">${e.sovits_model} · ${e.gpt_model}</p>
        <a class="button" href=${t} download=${e.filename} data-test="download-output"
          >${a("result.download_audio",{size:se(e.size_bytes)})}</a
        >
        ${this.pictures.picture(e.filename,t,e.filename)}
      </section>
    `}reference(e){return e.ref_audio_path?n`
      <section class="card" data-test="reference">
        <h2>${a("result.reference")}</h2>
        <p class="muted">${e.ref_text}</p>
        <vl-player
          .src=${j(this.id,"ref_audio",e.ref_audio_path)}
          .label=${a("result.reference")}
        ></vl-player>
      </section>
    `:l}models(e){if(e.length===0)return l;let t=e.filter(i=>i.best),s=e.filter(i=>!i.best);return n`
      <section class="card">
        <h2>${a("result.weights")}</h2>
        <p class="muted">${a("result.weights_hint")}</p>
        <div class="row">${t.map(i=>this.model(i))}</div>
        ${s.length?n`<details ?open=${t.length===0}>
              <summary>${a("result.others")}</summary>
              <div class="row">${s.map(i=>this.model(i))}</div>
            </details>`:l}
      </section>
    `}model(e){let t=j(this.id,`${e.kind}_model`,e.filename);return n`<a class="button" href=${t} download=${e.filename} data-test="download-${e.kind}"
      >${e.filename} (${se(e.size_bytes)})</a
    >`}};var ys=500,J=class{constructor(e,t){this.id=e;this.tab=t;this.progress=new he(e),this.proofread=new Te(e,()=>this.retrain()),this.result=new Ae(e,()=>this.proofread.forget()),this.refresh(),this.listen()}id;tab;task=null;error=null;refused=null;connection="open";stream=null;last=0;refreshing=0;gone=!1;clock=window.setInterval(()=>this.task?.status==="running"&&c(),1e3);from="";progress;proofread;result;show(e){this.tab=e,e==="result"&&this.result.load()}title(){return this.task?`${this.task.exp_name} \xB7 ${a(`task.tab.${this.tab}`)}`:a("task.title")}get unsaved(){return this.proofread.unsaved}leave(){this.gone=!0,this.stream?.stop(),this.progress.stop(),this.result.stop(),clearTimeout(this.refreshing),clearInterval(this.clock)}listen(){this.stream?.stop(),this.stream=xt(this.id,this.last,e=>this.onEvent(e),e=>{this.connection=e,(e==="open"||e==="ended")&&this.soon(),c()})}onEvent(e){this.last=e.id,this.progress.onEvent(e),this.soon(),c()}soon(){this.refreshing||this.gone||(this.refreshing=window.setTimeout(()=>{this.refreshing=0,this.refresh()},ys))}async refresh(){try{let e=await dt(this.id);if(this.gone)return;let t=this.task!==null&&this.task.status!==e.status&&re(e);this.task=e,this.error=null,t&&b(`${e.exp_name}: ${a(`status.${e.status}`)}`),t&&e.status==="completed"&&this.tab==="progress"&&C(L(this.id,"result")),this.tab==="result"&&this.result.load()}catch(e){if(this.gone)return;(this.task===null||e instanceof $&&e.status===404)&&(this.error=e),(!(e instanceof $)||e.status!==404)&&this.soon()}c()}async retrain(){await He(this.id,"text_feature"),C(L(this.id)),await this.refresh(),this.connection==="ended"&&this.listen()}async retry(){let{from:e}=this,t=e?a("task.retry_sure",{stage:a(`stage.${e}`)}):"";e&&!await z(t,a("task.retry"))||(await this.act(()=>He(this.id,e||void 0)),this.refused===null&&C(L(this.id)))}async act(e){this.refused=null;try{await e(),await this.refresh(),this.connection==="ended"&&this.listen()}catch(t){this.refused=t,b(A(t)),c()}}render(){let e=this.task;return this.error?n`${v(this.error)}
        <p><a href="#/tasks">${a("task.back")}</a></p>`:e===null?P():n`
      <div class="task">
        <div class="row spread">
          <h1>${e.exp_name}</h1>
          <span class="badge ${e.status}" data-test="status" data-status=${e.status}
            >${a(`status.${e.status}`)}</span
          >
        </div>
        ${this.connection==="lost"?n`<p class="notice warn" role="status" data-test="connection">${a("task.lost")}</p>`:l}
        ${e.error?n`<div class="notice bad" role="alert" data-test="failure">
              <p>${te(e.error.key,e.error.args)}</p>
              ${e.error.code.startsWith("AUDIO_")?n`<a href="#/">${a("task.other_recording")}</a>`:l}
            </div>`:n`<p class="muted">${N(e)}</p>`}
        ${this.actions(e)} ${v(this.refused)}
        <nav class="tabs" aria-label=${a("task.tabs")}>
          ${Ue.map(t=>n`
              <a
                href=${L(this.id,t)}
                data-test="tab-${t}"
                aria-current=${this.tab===t?"page":l}
                >${a(`task.tab.${t}`)}</a
              >
            `)}
        </nav>
        ${this[this.tab].render(e)}
      </div>
    `}actions(e){let t=re(e),s=["interrupted","failed","cancelled"].includes(e.status);return n`
      <div class="row actions">
        ${t?l:n`<button
              class="danger"
              data-test="cancel"
              @click=${async()=>{await z(a("task.cancel_sure"),a("task.cancel"))&&await this.act(()=>pt(this.id))}}
            >
              ${a("task.cancel")}
            </button>`}
        ${s?n`<button class="primary" data-test="resume" @click=${()=>this.act(()=>ut(this.id))}>
              ${a("task.resume")}
            </button>`:l}
        ${t?n`
              <label>
                <span class="hidden">${a("task.retry_from")}</span>
                <select
                  data-test="retry-stage"
                  @change=${i=>{this.from=i.target.value,c()}}
                >
                  <option value="">${a("task.retry_from")}</option>
                  ${St.map(i=>n`<option value=${i} ?selected=${i===this.from}>${a(`stage.${i}`)}</option>`)}
                </select>
              </label>
              <button
                data-test="retry"
                ?disabled=${e.status==="completed"&&this.from===""}
                @click=${()=>this.retry()}
              >
                ${a("task.retry")}
              </button>
            `:l}
      </div>
    `}};var Me=20,ks=3e3,ws=300,Pe=class{page=null;error=null;status;search;offset;typing=0;timer;asked=0;constructor(e){let t=e.get("status");this.status=ze.includes(t)?t:"",this.search=e.get("search")??"",this.offset=Math.max(0,Math.floor(Number(e.get("offset")))||0),this.load(),this.timer=window.setInterval(()=>document.visibilityState==="visible"&&void this.load(),ks)}title(){return a("tasks.title")}leave(){clearInterval(this.timer),clearTimeout(this.typing),this.asked=-1}async load(){if(this.asked<0)return;let e=++this.asked;try{let t=await G(this.status,this.search,Me,this.offset);if(e!==this.asked)return;this.page=t,this.error=null}catch(t){if(e!==this.asked)return;this.error=t}c()}choose(e){let t={status:this.status,search:this.search,offset:0,...e},s=Object.entries(t).filter(([,o])=>o!==""&&o!==0),i=new URLSearchParams(s.map(([o,d])=>[o,String(d)])).toString();history.replaceState(null,"",`#/tasks${i?`?${i}`:""}`),this.status=t.status,this.search=t.search,this.offset=t.offset,this.load()}onSearch(e){let t=e.target.value.trim();clearTimeout(this.typing),this.typing=window.setTimeout(()=>this.choose({search:t}),ws)}render(){return n`
      <section class="tasks">
        <h1>${a("tasks.title")}</h1>
        <div class="row filters" role="search">
          <label class="grow">
            <span class="hidden">${a("tasks.search")}</span>
            <input
              type="search"
              placeholder=${a("tasks.search")}
              .value=${this.search}
              @input=${e=>this.onSearch(e)}
              data-test="search"
            />
          </label>
          <label>
            <span class="hidden">${a("tasks.filter")}</span>
            <select
              data-test="filter"
              @change=${e=>this.choose({status:e.target.value})}
            >
              <option value="" ?selected=${this.status===""}>${a("tasks.all")}</option>
              ${ze.map(e=>n`<option value=${e} ?selected=${this.status===e}>${a(`status.${e}`)}</option>`)}
            </select>
          </label>
        </div>
        ${v(this.error)} ${this.page===null?this.error?l:P():this.list(this.page)}
      </section>
    `}list(e){if(e.items.length===0){let t=this.status===""&&this.search==="";return n`<div class="card empty">
        <p>${a(t?"tasks.none":"tasks.none_found")}</p>
        ${t?n`<button class="primary" @click=${()=>C("#/")}>${a("tasks.first")}</button>`:l}
      </div>`}return n`
      <ul class="list">
        ${U(e.items,t=>t.id,t=>this.item(t))}
      </ul>
      ${this.pages(e)}
    `}item(e){let t=e.status==="completed"?L(e.id,"result"):L(e.id),s=e.status==="running"||e.status==="interrupted",i=e.started_at&&e.completed_at?_((Date.parse(e.completed_at)-Date.parse(e.started_at))/1e3):"";return n`
      <li class="card item" data-test="task">
        <a href=${t}>${e.exp_name}</a>
        <span class="badge ${e.status}">${a(`status.${e.status}`)}</span>
        <span class="facts muted small">
          ${tt(e.created_at)} · ${a(`quality.${e.quality}`)}
          ${e.detected_language?n` · ${k("language",e.detected_language)}`:l}
          ${i?n` · ${a("tasks.took",{time:i})}`:l}
          ${e.queue_position?n` · ${a("tasks.position",{position:e.queue_position})}`:l}
          ${e.status==="failed"?n`<br />${N(e)}`:l}
        </span>
        ${s?n`<progress max="1" .value=${e.progress} aria-label=${a("tasks.progress")}></progress>`:l}
      </li>
    `}pages(e){if(e.total<=Me&&this.offset===0)return l;let t=Math.min(e.total,this.offset+e.items.length);return n`
      <nav class="row spread" aria-label=${a("tasks.pages")}>
        <button
          ?disabled=${this.offset===0}
          @click=${()=>this.choose({offset:Math.max(0,this.offset-Me)})}
          data-test="newer"
        >
          ${a("tasks.newer")}
        </button>
        <span class="muted number">${a("tasks.range",{first:this.offset+1,last:t,total:e.total})}</span>
        <button
          ?disabled=${t>=e.total}
          @click=${()=>this.choose({offset:this.offset+Me})}
          data-test="older"
        >
          ${a("tasks.older")}
        </button>
      </nav>
    `}};var Ts=90,_s=2*3600,xs=15e3;function Es(r,e){if(e<Ts)return a("estimate.under",{minutes:Math.max(1,Math.ceil(e/60))});if(e>=_s)return a("estimate.hours",{from:E(r/3600,1),to:E(e/3600,1)});let[t,s]=[Math.max(1,Math.floor(r/60)),Math.ceil(e/60)];return t===s?a("estimate.about",{minutes:s}):a("estimate.minutes",{from:t,to:s})}var Le=class{found=null;asked=0;asking=null;again=0;stop(){this.asking?.abort(),clearTimeout(this.again)}look(e){let t=Math.round(e);t!==this.asked&&(this.stop(),this.asked=t,this.found=null,t>0&&this.ask(t))}async ask(e){let t=new AbortController;this.asking=t;try{this.found=await ot(e,t.signal)}catch(s){s instanceof $&&(s.status===0||s.status>=500)&&(this.again=window.setTimeout(()=>{this.ask(e)},xs))}this.asking===t&&(this.asking=null),c()}of(e,t){this.look(t);let s=this.found?.items.find(i=>i.quality===e);return s===void 0?l:n`<span class="small number" data-test="estimate-${e}" data-seconds=${s.seconds}
      >${Es(s.least_seconds,s.most_seconds)}</span
    >`}words(e){if(this.asking!==null)return n`<p class="muted small" role="status">
        <span class="spinner" aria-hidden="true"></span> ${a("estimate.measuring")}
      </p>`;let t=this.found?.items.find(o=>o.quality===e);if(this.found===null||t===void 0)return l;let{tasks_before:s,wait_seconds:i}=this.found;return n`
      <p class="muted small" data-test="estimate-basis">
        ${a(`estimate.basis.${t.basis}`)}
        ${s>0?n`<span data-test="estimate-wait">${a("estimate.wait",{count:s,time:_(i)})}</span>`:l}
      </p>
    `}};var Ce={min:1,max:200,step:1},Ut={min:1,max:64,step:1},Ft={min:1e-6,max:.01,step:"any"},qt=[{name:"min_clip_seconds",min:1,max:8,step:"any"},{name:"max_clip_seconds",min:4,max:20,step:"any"},{name:"sovits_epochs",...Ce},{name:"gpt_epochs",...Ce},{name:"sovits_batch_size",...Ut},{name:"gpt_batch_size",...Ut},{name:"sovits_learning_rate",...Ft},{name:"gpt_learning_rate",...Ft},{name:"sovits_save_every_epochs",...Ce},{name:"gpt_save_every_epochs",...Ce}],zt="options.expert.";function Vt(r){return xe(r)}function Kt(r,e,t){return n`
    <details data-test="expert" ?open=${Ee(e,qt,zt)}>
      <summary>${a("expert.title")}</summary>
      <p class="muted small">${a("expert.hint")}</p>
      <div class="numbers">
        ${qt.map(s=>Se(s,a(`expert.field.${s.name}`),r,e,zt+s.name,t))}
      </div>
    </details>
  `}var Ne=64,Ss=100;function Bt(r){return[...r.replace(/\.[^.]*$/,"").normalize("NFC").replace(/[^\p{L}\p{M}\p{Nd}_-]+/gu,"-").replace(/^[-\p{M}]+|-+$/gu,"")].slice(0,Ne).join("")}function Qe(r){let e=[...r.normalize("NFC")].length;return e>=1&&e<=Ne&&/^[\p{L}\p{Nd}_-][\p{L}\p{M}\p{Nd}_-]*$/u.test(r.normalize("NFC"))}async function Gt(r){let e=r.replace(/-\d+$/,"")||r,t=d=>{let p=`-${d}`;return[...e].slice(0,Ne-p.length).join("")+p},s=await G("",[...e].slice(0,Ne-4).join(""),Ss,0),i=new Set([r,...s.items.map(d=>d.exp_name)].map(d=>d.toLowerCase())),o=2;for(;i.has(t(o).toLowerCase());)o++;return t(o)}var Rs=["audio/webm;codecs=opus","audio/mp4","audio/ogg;codecs=opus"],Oe=class{constructor(e){this.done=e}done;recorder=null;chunks=[];began=0;level=0;timer=0;wanted=!0;sound=null;trouble="";close(){this.stop(!1)}async start(){this.trouble="";let e;try{e=await navigator.mediaDevices.getUserMedia({audio:{echoCancellation:!1,noiseSuppression:!1,autoGainControl:!1}})}catch(i){let o=i instanceof DOMException&&i.name==="NotAllowedError";this.trouble=o?"record.refused":"record.no_microphone",b(a(this.trouble)),c();return}let t=Rs.find(i=>MediaRecorder.isTypeSupported(i))??"",s=new MediaRecorder(e,{...t?{mimeType:t}:{},audioBitsPerSecond:128e3});this.chunks=[],this.wanted=!0,s.ondataavailable=i=>this.chunks.push(i.data),s.onstop=()=>this.finish(e,s.mimeType),s.start(1e3),this.recorder=s,this.began=Date.now(),this.meter(e),b(a("record.running")),c()}meter(e){let t=new AudioContext,s=t.createAnalyser();t.createMediaStreamSource(e).connect(s);let i=new Float32Array(s.fftSize);this.sound=t,this.timer=window.setInterval(()=>{s.getFloatTimeDomainData(i),this.level=i.reduce((o,d)=>Math.max(o,Math.abs(d)),0),c()},100)}stop(e){this.wanted=e,this.recorder?.state==="recording"&&this.recorder.stop()}finish(e,t){clearInterval(this.timer);for(let s of e.getTracks())s.stop();if(this.sound?.close(),this.recorder=null,this.wanted){let s=t.split(";")[0]||"audio/webm",i={"audio/mp4":"m4a","audio/ogg":"ogg"}[s]??"webm",o=new Date(this.began).toISOString().slice(0,19).replace(/[-:T]/g,"");this.done(new File(this.chunks,`${a("record.file")}-${o}.${i}`,{type:s}))}this.chunks=[],c()}button(){return this.recorder!==null||!navigator.mediaDevices?l:n`<button type="button" data-test="record" @click=${()=>this.start()}>${a("record.start")}</button>`}panel(){return this.trouble?n`<p class="notice bad" role="alert">${a(this.trouble)}</p>`:this.recorder===null?l:n`
      <div class="notice stack">
        <p class="muted">${a("record.read")}</p>
        <p class="lead">${a("record.text")}</p>
        <div class="row">
          <strong class="number">${w((Date.now()-this.began)/1e3)}</strong>
          <meter class="grow" min="0" max="1" high="0.98" .value=${this.level} aria-label=${a("record.level")}></meter>
          <button type="button" class="primary" data-test="stop-record" @click=${()=>this.stop(!0)}>
            ${a("record.stop")}
          </button>
          <button type="button" @click=${()=>this.stop(!1)}>${a("record.discard")}</button>
        </div>
      </div>
    `}};var As=88,Ye=class extends W{media=new Audio;picture=null;shown=null;recolor=()=>{};levels=[];whole=0;source="";parts=[];name="";at=0;waiting=!1;error=null;onTheme=()=>this.recolor();constructor(){super(),this.media.preload="none",$e(this.media);for(let e of["play","pause","seeked"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused));for(let e of["playing","pause"])this.media.addEventListener(e,()=>this.wait(!1));this.media.addEventListener("error",()=>{this.fail()})}set peaks(e){this.levels=e,this.changed()}set seconds(e){this.whole=e,this.changed()}set src(e){this.source=e,this.changed()}set regions(e){this.parts=e,this.changed()}set label(e){this.name=e,this.changed()}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),this.forget(),ye(this.media)}play(e,t){this.error&&(this.error=null,this.media.load()),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.picture?.play(e,t).catch(()=>this.wait(!1))}pause(){this.media.pause()}forget(){this.picture?.destroy(),this.picture=null,this.shown=null,this.recolor=()=>{}}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=await ke(this.media,this.source);this.isConnected&&(this.error=e,this.media.pause(),this.wait(!1))}drawn(){if(this.levels.length===0||this.whole<=0||this.shown?.peaks===this.levels&&this.shown.regions===this.parts)return;let e={peaks:this.levels,regions:this.parts};this.shown=e,this.paint(e).catch(t=>{this.error=t,this.changed()})}async paint(e){let[{default:t},{default:s}]=await Promise.all([import("./wavesurfer.esm-O7JBKOG2.js"),import("./regions.esm-EO3R2OYS.js")]);if(!this.isConnected||this.shown!==e)return;this.picture?.destroy();let i=s.create(),o=t.create({container:this.querySelector(".picture"),height:As,barWidth:2,barGap:1,barRadius:1,cursorWidth:2,media:this.media,url:this.source,peaks:[e.peaks.map(p=>p/255)],duration:this.whole,cspNonce:document.querySelector("script[nonce]")?.nonce??"",plugins:[i]});this.picture=o,o.on("timeupdate",p=>{this.at=p,this.changed()});let d=p=>D(p.kept?"--clip":"--clip-out");o.once("ready",()=>{for(let p of e.regions){let u=i.addRegion({start:p.start,end:p.end,color:d(p),drag:!1,resize:!1});u.element&&(u.element.title=p.title,u.element.style.cursor="pointer"),u.on("click",g=>{g.stopPropagation(),this.play(p.start,p.end)})}}),this.recolor=()=>{let p=D("--wave-played");o.setOptions({waveColor:D("--wave"),progressColor:p,cursorColor:p});for(let[u,g]of i.getRegions().entries()){let M=e.regions[u];M&&g.setOptions({color:d(M)})}},this.recolor()}seek(e){this.picture?.setTime(Math.min(Math.max(0,e),this.whole))}onKey(e){let t=we(this.whole);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.at-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.at+t);else if(e.key==="Home")this.seek(0);else if(e.key==="End")this.seek(this.whole);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,s]=[w(this.at),w(Math.round(this.whole))];return n`
      <button
        class="round"
        type="button"
        aria-label="${a(e?"player.pause":"player.play")}: ${this.name}"
        aria-busy=${this.waiting}
        data-test="play"
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?n`<span class="spinner" aria-hidden="true"></span>`:e?be:X}
      </button>
      <div
        class="picture"
        role="slider"
        tabindex="0"
        aria-label="${a("player.position")}: ${this.name}"
        aria-valuemin="0"
        aria-valuemax=${Math.round(this.whole)}
        aria-valuenow=${Math.round(this.at)}
        aria-valuetext=${a("player.at",{at:t,whole:s})}
        @keydown=${i=>this.onKey(i)}
      ></div>
      <span class="number small muted" aria-hidden="true">${t} / ${s}</span>
      ${v(this.error)}
    `}};customElements.define("vl-wave",Ye);function Ms(r,e,t){r.target.closest(".recording")?.querySelector("vl-wave")?.play(e,t)}var ne=class r{constructor(e,t,s=()=>{}){this.local=e;this.onRemove=t;this.changed=s;e!==null&&this.upload()}local;onRemove;changed;file=null;report=null;error=null;share=0;regions=[];titled="";abort=new AbortController;key=crypto.randomUUID();static known(e,t){let s=new r(null,t);return rt(e).then(i=>(s.file=i,c(),s.inspect()),()=>t(s)),s}close(){this.abort.abort()}async upload(){this.error=null;let e=t=>{this.share=t,c()};try{this.file=await bt(this.local,"",e,this.abort.signal,this.key),this.changed()}catch(t){this.abort.signal.aborted||this.fail(t);return}await this.inspect()}async inspect(){if(this.file!==null){this.error=null;try{this.report=await nt(this.file.file_id,this.abort.signal),b(this.verdict(this.report))}catch(e){this.abort.signal.aborted||this.fail(e)}c()}}fail(e){this.error=e,b(A(e)),c()}async remove(){if(this.file!==null){if(!await z(a("report.remove_sure",{name:this.file.filename}),a("report.remove")))return;await de(this.file.file_id).catch(()=>null)}this.onRemove(this)}verdict(e){return te(e.verdict_key,e.verdict_args)}render(){let e=this.file?.filename??this.local?.name??"";return n`
      <section class="card recording" data-test="recording" aria-label=${e}>
        <div class="row spread">
          <h2>${e}</h2>
          <button type="button" class="plain" data-test="remove" @click=${()=>this.remove()}>${a("report.remove")}</button>
        </div>
        ${this.error?n`${v(this.error)}
              <button type="button" @click=${()=>this.file?this.inspect():this.upload()}>${a("again")}</button>`:this.report?this.found(this.report):this.waiting()}
      </section>
    `}waiting(){return this.file!==null||this.share>=1?n`<p role="status"><span class="spinner" aria-hidden="true"></span> ${a("report.listening")}</p>`:n`<label>
      ${a("report.uploading",{share:T(this.share)})}
      <progress max="1" .value=${this.share}></progress>
    </label>`}clipRegions(e){return this.titled!==q()&&(this.titled=q(),this.regions=e.clips.map(t=>({start:t.start,end:t.start+t.seconds,kept:t.kept,title:t.kept?w(t.start):a("report.left_out",{reason:k("reason",t.drop_reason??"")})}))),this.regions}found(e){let t=e.clips.filter(s=>!s.kept);return n`
      <p data-test="verdict">
        <span class="badge ${e.outlook}">${a(`outlook.${e.outlook}`)}</span> ${this.verdict(e)}
      </p>
      ${e.problem?n`<p class="notice bad" role="alert">${te(e.problem.key,e.problem.args)}</p>`:l}
      ${e.warnings.map(s=>n`<p class="notice warn">${N(s)}</p>`)}
      <vl-wave
        data-test="wave"
        .peaks=${e.peaks}
        .seconds=${e.seconds}
        .src=${it(e.file_id)}
        .regions=${this.clipRegions(e)}
        .label=${this.file?.filename??""}
      ></vl-wave>
      <dl class="facts">
        ${this.fact("usable",_(e.usable_seconds))} ${this.fact("length",_(e.seconds))}
        ${this.fact("snr",`${E(e.snr_db)} dB`)} ${this.fact("clipping",T(e.clipping_ratio,1))}
        ${this.fact("loudness",`${E(e.loudness_lufs)} LUFS`)}
        ${this.fact("silence",T(e.silence_ratio))}
      </dl>
      <details>
        <summary>${a("report.clips",{kept:e.clips.length-t.length,all:e.clips.length})}</summary>
        <ul class="small clip-list">
          ${e.clips.map(s=>n`<li>
              <button
                type="button"
                class="plain small number"
                data-test="play-clip"
                aria-label=${a("report.play_clip",{at:w(s.start)})}
                @click=${i=>Ms(i,s.start,s.start+s.seconds)}
              >
                ${X} ${w(s.start)}–${w(s.start+s.seconds)}
              </button>
              ${s.kept?a("report.kept"):a("report.left_out",{reason:k("reason",s.drop_reason??"")})}
            </li>`)}
        </ul>
      </details>
    `}fact(e,t){return n`<div>
      <dt class="muted small">${a(`report.${e}`)}</dt>
      <dd class="number">${t}</dd>
    </div>`}};var Ps="audio/*,video/mp4,.m4a,.opus,.flac,.webm",Ls=10,Xe="voiceloom.train",Ie=class{cards=[];recorder=new Oe(e=>this.add([e]));pack=null;name="";quality="standard";language="auto";say="";transcript="";expert={};estimates=new Le;dragging=!1;starting=!1;error=null;proposed="";key={of:"",value:""};onDrag=e=>this.drag(e);constructor(){for(let e of["dragenter","dragover","dragleave","drop"])window.addEventListener(e,this.onDrag);this.restore(),B().then(e=>{this.pack=e,c()},()=>{})}title(){return a("train.title")}leave(){for(let e of["dragenter","dragover","dragleave","drop"])window.removeEventListener(e,this.onDrag);this.recorder.close(),this.estimates.stop();for(let e of this.cards)e.close()}restore(){let e=JSON.parse(sessionStorage.getItem(Xe)??"null");e!==null&&(this.name=e.name,this.quality=e.quality,this.language=e.language,this.say=e.say,this.transcript=e.transcript,this.expert=e.expert??{},this.cards=e.files.map(t=>ne.known(t,s=>this.remove(s))))}keep(){let e=this.cards.flatMap(g=>g.file?[g.file.file_id]:[]),{name:t,quality:s,language:i,say:o,transcript:d,expert:p}=this,u={files:e,name:t,quality:s,language:i,say:o,transcript:d,expert:p};sessionStorage.setItem(Xe,JSON.stringify(u))}drag(e){e.dataTransfer?.types.includes("Files")&&(e.preventDefault(),this.dragging=e.type==="dragleave"?e.relatedTarget!==null:e.type!=="drop",e.type==="drop"&&this.add([...e.dataTransfer.files]),c())}add(e){for(let t of e)this.cards.push(new ne(t,s=>this.remove(s),()=>this.keep())),this.name===""&&(this.name=Bt(t.name));this.keep(),c()}remove(e){e.close(),this.cards=this.cards.filter(t=>t!==e),this.keep(),c()}get usable(){return this.cards.reduce((e,t)=>e+(t.report?.usable_seconds??0),0)}get obstacle(){return this.cards.length===0?"train.no_recording":this.cards.some(e=>e.error)?"train.bad_recording":this.cards.some(e=>e.report===null)?"train.not_ready":this.cards.some(e=>e.report?.problem&&e.report.problem.code!=="AUDIO_TOO_SHORT")?"train.bad_recording":this.usable<Ls?"train.too_short":Qe(this.name)?"":"train.name_rule"}async start(e){if(e.preventDefault(),this.starting||this.obstacle)return;let t=Vt(this.expert),s={exp_name:this.name.normalize("NFC"),audio_file_ids:this.cards.flatMap(o=>o.file?[o.file.file_id]:[]),options:{quality:this.quality,language:this.language,...this.transcript.trim()?{transcript:this.transcript}:{},...this.say.trim()?{inference:{target_text:this.say}}:{},...t?{expert:t}:{}}},i=JSON.stringify(s);this.key.of!==i&&(this.key={of:i,value:crypto.randomUUID()}),this.starting=!0,this.error=null,this.proposed="",c();try{let o=await lt(s,this.key.value);sessionStorage.removeItem(Xe),C(L(o.id))}catch(o){this.error=o,b(A(o)),o instanceof $&&o.code==="NAME_TAKEN"&&(this.proposed=await Gt(s.exp_name).catch(()=>""))}this.starting=!1,c()}takeProposed(){this.name=this.proposed,this.proposed="",this.error=null,this.keep(),c(),document.getElementById("name")?.focus()}render(){return n`
      <div class="train">
        <h1>${a("train.title")}</h1>
        <p class="muted">${a("train.lead")}</p>
        ${this.dropZone()}
        ${U(this.cards,e=>e,e=>e.render())}
        ${this.cards.length>1?n`<p class="notice">${a("train.together",{time:_(this.usable)})}</p>`:l}
        ${this.form()}
        ${this.dragging?n`<div class="overlay" data-test="overlay" aria-hidden="true"><p class="lead">${a("train.drop_here")}</p></div>`:l}
      </div>
    `}dropZone(){return n`
      <section class="card drop" data-test="drop" aria-label=${a("train.drop_label")}>
        <p class="lead">${a("train.drop")}</p>
        <div class="row">
          <label class="button primary">
            ${a("train.choose")}
            <input
              type="file"
              class="hidden"
              multiple
              accept=${Ps}
              data-test="file"
              @change=${e=>{let t=e.target;this.add([...t.files??[]]),t.value=""}}
            />
          </label>
          ${this.recorder.button()}
        </div>
        ${this.recorder.panel()}
        <p class="muted small">${a("train.formats")}</p>
      </section>
    `}typed(e){return t=>{this[e]=t.target.value,this.keep(),c()}}form(){let e=this.obstacle,t=this.name!==""&&!Qe(this.name),s=this.pack?.languages??[];return n`
      <form class="card stack" novalidate @submit=${i=>this.start(i)}>
        <div class="field">
          <label for="name">${a("train.name")}</label>
          <input
            id="name"
            type="text"
            autocomplete="off"
            data-test="name"
            aria-invalid=${t}
            aria-describedby="name-rule"
            .value=${x(this.name)}
            @input=${this.typed("name")}
          />
          <span id="name-rule" class="small ${t?"bad-text":"muted"}">${a("train.name_rule")}</span>
        </div>
        <fieldset class="qualities">
          <legend>${a("train.quality")}</legend>
          ${Et.map(i=>n`
              <label class="quality">
                <input
                  type="radio"
                  name="quality"
                  value=${i}
                  data-test="quality-${i}"
                  .checked=${x(this.quality===i)}
                  @change=${()=>{this.quality=i,this.keep(),c()}}
                />
                <strong>${a(`quality.${i}`)}</strong>
                <span class="muted small">${a(`quality_hint.${i}`)}</span>
                ${this.estimates.of(i,this.usable)}
              </label>
            `)}
        </fieldset>
        ${this.estimates.words(this.quality)}
        <div class="field">
          <label for="language">${a("train.language")}</label>
          <select
            id="language"
            @change=${i=>{this.language=i.target.value,this.keep(),c()}}
          >
            ${["auto",...s].map(i=>n`<option value=${i} ?selected=${i===this.language}>${k("language",i)}</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="say">${a("train.say")}</label>
          <textarea id="say" rows="2" data-test="say" .value=${x(this.say)} @input=${this.typed("say")}></textarea>
        </div>
        <details>
          <summary>${a("train.transcript")}</summary>
          <div class="field">
            <label for="transcript" class="small muted">${a("train.transcript_hint")}</label>
            <textarea
              id="transcript"
              rows="4"
              data-test="transcript"
              .value=${x(this.transcript)}
              @input=${this.typed("transcript")}
            ></textarea>
          </div>
        </details>
        ${Kt(this.expert,this.error,()=>{this.keep(),c()})}
        ${v(this.error)}
        ${this.proposed?n`<div class="row">
              <button type="button" data-test="proposed" @click=${()=>this.takeProposed()}>
                ${a("train.proposed",{name:this.proposed})}
              </button>
            </div>`:l}
        <div class="row">
          <button
            type="submit"
            class="primary big"
            data-test="start"
            ?disabled=${e!==""||this.starting}
            aria-describedby="obstacle"
          >
            ${a(this.starting?"train.starting":"train.start")}
          </button>
          <span id="obstacle" class="muted" role="status">${e?a(e):""}</span>
        </div>
      </form>
    `}};var S,Z,Qt=null,jt="";function Cs(r){switch(r.name){case"train":return new Ie;case"tasks":return new Pe(r.search);case"task":return new J(r.id,r.tab);case"missing":return new ce}}function Wt(){let r=kt(location.hash),e=r.name==="task"&&S instanceof J&&S.id===r.id;if(S?.unsaved&&!e&&!yt(a("unsaved_sure"))){history.pushState(null,"",jt);return}if(jt=location.hash||"#/",Z=r,Z.name==="task"&&S instanceof J&&S.id===Z.id)S.show(Z.tab);else{let t=S;t?.leave?.(),S=Cs(Z),window.scrollTo(0,0),t!==void 0&&(c(),requestAnimationFrame(()=>document.getElementById("main")?.focus({preventScroll:!0})))}b(S.title()),c()}async function Ns(){let r=q()==="zh"?"en":"zh";await De(r),b(S?.title()??""),c()}function Os(){let r=t=>t.includes(Z.name)?"page":l,e=Qt?.languages.map(t=>k("language",t)).join(", ");return n`
    <header class="bar">
      <a class="brand" href="#/"><span class="logo" aria-hidden="true"></span>Voiceloom</a>
      <nav aria-label=${a("nav.label")}>
        <a href="#/" aria-current=${r(["train"])}>${a("nav.train")}</a>
        <a href="#/tasks" aria-current=${r(["tasks","task"])}>${a("nav.tasks")}</a>
      </nav>
      ${e?n`<span class="pack muted">${a("nav.speaks",{languages:e})}</span>`:l}
      <div class="tools">
        <button class="plain" lang=${q()==="zh"?"en":"zh-CN"} @click=${Ns} data-test="language">
          ${q()==="zh"?"English":"\u4E2D\u6587"}
        </button>
        <button
          class="plain"
          data-test="theme"
          @click=${()=>{Tt(),c()}}
        >
          ${a(`theme.${pe()}`)}
        </button>
      </div>
    </header>
  `}function Is(){return n`
    <a class="skip" href="#main" @click=${Ds}>${a("nav.skip")}</a>
    ${Os()}
    <main id="main" tabindex="-1">${S?.render()}</main>
    <footer class="muted">${a("footer.voices")} <a href="/docs">${a("footer.api")}</a></footer>
  `}function Ds(r){r.preventDefault(),document.getElementById("main")?.focus()}async function Hs(){qe(),wt();let r=document.getElementById("app"),e=!1;$t(()=>{e||(e=!0,requestAnimationFrame(()=>{e=!1,document.title=`${S?.title()} \xB7 Voiceloom`,le(Is(),r)}))});try{await De(et())}catch{r.textContent="\u670D\u52A1\u6682\u65F6\u65E0\u6CD5\u8BBF\u95EE\uFF0C\u6B63\u5728\u91CD\u8BD5\u2026\u2026 / The server does not answer; trying again\u2026",setTimeout(()=>location.reload(),3e3);return}r.replaceChildren(),window.addEventListener("hashchange",Wt);for(let t of["dragover","drop"])window.addEventListener(t,s=>s.preventDefault());window.addEventListener("beforeunload",t=>S?.unsaved&&t.preventDefault()),Wt(),Qt=await B().catch(()=>null),c()}Hs();
