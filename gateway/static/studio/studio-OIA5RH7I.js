var Ke=globalThis,pt=s=>s,me=Ke.trustedTypes,ut=me?me.createPolicy("lit-html",{createHTML:s=>s}):void 0,je="$lit$",A=`lit$${Math.random().toFixed(9).slice(2)}$`,We="?"+A,is=`<${We}>`,q=document,ne=()=>q.createComment(""),oe=s=>s===null||typeof s!="object"&&typeof s!="function",Ge=Array.isArray,$t=s=>Ge(s)||typeof s?.[Symbol.iterator]=="function",ze=`[ 	
\f\r]`,ae=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,ht=/-->/g,mt=/>/g,U=RegExp(`>|${ze}(?:([^\\s"'>=/]+)(${ze}*=${ze}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),gt=/'/g,ft=/"/g,bt=/^(?:script|style|textarea|title)$/i,Qe=s=>(e,...t)=>({_$litType$:s,strings:e,values:t}),l=Qe(1),J=Qe(2),Ls=Qe(3),w=Symbol.for("lit-noChange"),p=Symbol.for("lit-nothing"),vt=new WeakMap,F=q.createTreeWalker(q,129);function yt(s,e){if(!Ge(s)||!s.hasOwnProperty("raw"))throw Error("invalid template strings array");return ut!==void 0?ut.createHTML(e):e}var _t=(s,e)=>{let t=s.length-1,i=[],r,n=e===2?"<svg>":e===3?"<math>":"",o=ae;for(let d=0;d<t;d++){let c=s[d],m,v,u=-1,g=0;for(;g<c.length&&(o.lastIndex=g,v=o.exec(c),v!==null);)g=o.lastIndex,o===ae?v[1]==="!--"?o=ht:v[1]!==void 0?o=mt:v[2]!==void 0?(bt.test(v[2])&&(r=RegExp("</"+v[2],"g")),o=U):v[3]!==void 0&&(o=U):o===U?v[0]===">"?(o=r??ae,u=-1):v[1]===void 0?u=-2:(u=o.lastIndex-v[2].length,m=v[1],o=v[3]===void 0?U:v[3]==='"'?ft:gt):o===ft||o===gt?o=U:o===ht||o===mt?o=ae:(o=U,r=void 0);let f=o===U&&s[d+1].startsWith("/>")?" ":"";n+=o===ae?c+is:u>=0?(i.push(m),c.slice(0,u)+je+c.slice(u)+A+f):c+A+(u===-2?d:f)}return[yt(s,n+(s[t]||"<?>")+(e===2?"</svg>":e===3?"</math>":"")),i]},le=class s{constructor({strings:e,_$litType$:t},i){let r;this.parts=[];let n=0,o=0,d=e.length-1,c=this.parts,[m,v]=_t(e,t);if(this.el=s.createElement(m,i),F.currentNode=this.el.content,t===2||t===3){let u=this.el.content.firstChild;u.replaceWith(...u.childNodes)}for(;(r=F.nextNode())!==null&&c.length<d;){if(r.nodeType===1){if(r.hasAttributes())for(let u of r.getAttributeNames())if(u.endsWith(je)){let g=v[o++],f=r.getAttribute(u).split(A),$=/([.?@])?(.*)/.exec(g);c.push({type:1,index:n,name:$[2],strings:f,ctor:$[1]==="."?fe:$[1]==="?"?ve:$[1]==="@"?$e:V}),r.removeAttribute(u)}else u.startsWith(A)&&(c.push({type:6,index:n}),r.removeAttribute(u));if(bt.test(r.tagName)){let u=r.textContent.split(A),g=u.length-1;if(g>0){r.textContent=me?me.emptyScript:"";for(let f=0;f<g;f++)r.append(u[f],ne()),F.nextNode(),c.push({type:2,index:++n});r.append(u[g],ne())}}}else if(r.nodeType===8)if(r.data===We)c.push({type:2,index:n});else{let u=-1;for(;(u=r.data.indexOf(A,u+1))!==-1;)c.push({type:7,index:n}),u+=A.length-1}n++}}static createElement(e,t){let i=q.createElement("template");return i.innerHTML=e,i}};function B(s,e,t=s,i){if(e===w)return e;let r=i!==void 0?t._$Co?.[i]:t._$Cl,n=oe(e)?void 0:e._$litDirective$;return r?.constructor!==n&&(r?._$AO?.(!1),n===void 0?r=void 0:(r=new n(s),r._$AT(s,t,i)),i!==void 0?(t._$Co??=[])[i]=r:t._$Cl=r),r!==void 0&&(e=B(s,r._$AS(s,e.values),r,i)),e}var ge=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:i}=this._$AD,r=(e?.creationScope??q).importNode(t,!0);F.currentNode=r;let n=F.nextNode(),o=0,d=0,c=i[0];for(;c!==void 0;){if(o===c.index){let m;c.type===2?m=new Q(n,n.nextSibling,this,e):c.type===1?m=new c.ctor(n,c.name,c.strings,this,e):c.type===6&&(m=new be(n,this,e)),this._$AV.push(m),c=i[++d]}o!==c?.index&&(n=F.nextNode(),o++)}return F.currentNode=q,r}p(e){let t=0;for(let i of this._$AV)i!==void 0&&(i.strings!==void 0?(i._$AI(e,i,t),t+=i.strings.length-2):i._$AI(e[t])),t++}},Q=class s{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,i,r){this.type=2,this._$AH=p,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=i,this.options=r,this._$Cv=r?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=B(this,e,t),oe(e)?e===p||e==null||e===""?(this._$AH!==p&&this._$AR(),this._$AH=p):e!==this._$AH&&e!==w&&this._(e):e._$litType$!==void 0?this.$(e):e.nodeType!==void 0?this.T(e):$t(e)?this.k(e):this._(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==p&&oe(this._$AH)?this._$AA.nextSibling.data=e:this.T(q.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:i}=e,r=typeof i=="number"?this._$AC(e):(i.el===void 0&&(i.el=le.createElement(yt(i.h,i.h[0]),this.options)),i);if(this._$AH?._$AD===r)this._$AH.p(t);else{let n=new ge(r,this),o=n.u(this.options);n.p(t),this.T(o),this._$AH=n}}_$AC(e){let t=vt.get(e.strings);return t===void 0&&vt.set(e.strings,t=new le(e)),t}k(e){Ge(this._$AH)||(this._$AH=[],this._$AR());let t=this._$AH,i,r=0;for(let n of e)r===t.length?t.push(i=new s(this.O(ne()),this.O(ne()),this,this.options)):i=t[r],i._$AI(n),r++;r<t.length&&(this._$AR(i&&i._$AB.nextSibling,r),t.length=r)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let i=pt(e).nextSibling;pt(e).remove(),e=i}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},V=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,i,r,n){this.type=1,this._$AH=p,this._$AN=void 0,this.element=e,this.name=t,this._$AM=r,this.options=n,i.length>2||i[0]!==""||i[1]!==""?(this._$AH=Array(i.length-1).fill(new String),this.strings=i):this._$AH=p}_$AI(e,t=this,i,r){let n=this.strings,o=!1;if(n===void 0)e=B(this,e,t,0),o=!oe(e)||e!==this._$AH&&e!==w,o&&(this._$AH=e);else{let d=e,c,m;for(e=n[0],c=0;c<n.length-1;c++)m=B(this,d[i+c],t,c),m===w&&(m=this._$AH[c]),o||=!oe(m)||m!==this._$AH[c],m===p?e=p:e!==p&&(e+=(m??"")+n[c+1]),this._$AH[c]=m}o&&!r&&this.j(e)}j(e){e===p?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??"")}},fe=class extends V{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===p?void 0:e}},ve=class extends V{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==p)}},$e=class extends V{constructor(e,t,i,r,n){super(e,t,i,r,n),this.type=5}_$AI(e,t=this){if((e=B(this,e,t,0)??p)===w)return;let i=this._$AH,r=e===p&&i!==p||e.capture!==i.capture||e.once!==i.once||e.passive!==i.passive,n=e!==p&&(i===p||r);r&&this.element.removeEventListener(this.name,this,i),n&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},be=class{constructor(e,t,i){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=i}get _$AU(){return this._$AM._$AU}_$AI(e){B(this,e)}},kt={M:je,P:A,A:We,C:1,L:_t,R:ge,D:$t,V:B,I:Q,H:V,N:ve,U:$e,B:fe,F:be},as=Ke.litHtmlPolyfillSupport;as?.(le,Q),(Ke.litHtmlVersions??=[]).push("3.3.3");var ye=(s,e,t)=>{let i=t?.renderBefore??e,r=i._$litPart$;if(r===void 0){let n=t?.renderBefore??null;i._$litPart$=r=new Q(e.insertBefore(ne(),n),n,void 0,t??{})}return r._$AI(s),r};var wt="voiceloom.language",P={language:"zh",messages:{},translated_args:{}};function Tt(){return localStorage.getItem(wt)==="en"?"en":"zh"}function K(){return P.language}async function Je(s){let e=await fetch(`/api/v1/messages?lang=${s}`);if(!e.ok)throw new Error(`messages: ${e.status}`);P=await e.json(),localStorage.setItem(wt,s),document.documentElement.lang=s==="zh"?"zh-CN":"en",window.dispatchEvent(new Event("textchange"))}function ns(s,e){return s.replace(/\{(\w+)\}/g,(t,i)=>e[i]??"?")}function os(s){let e={...s};for(let[t,i]of Object.entries(P.translated_args)){let r=s[t];if(r===void 0)continue;let n=r.split(",").map(o=>o.trim());e[t]=n.map(o=>P.messages[`${i}.${o}`]??o).join(", ")}return e}function E(s,e={}){let t=P.messages[s];return t===void 0?s:ns(t,os(e))}function a(s,e={}){let t=Object.fromEntries(Object.entries(e).map(([i,r])=>[i,String(r)]));return E(`studio.${s}`,t)}function S(s){return s.message_key!==null&&s.message_key in P.messages?E(s.message_key,s.message_args):s.message??""}function R(s,e){return P.messages[`${s}.${e}`]??e}function Ye(){return P.language==="zh"?"zh-CN":"en"}function z(s,e=0){return s.toLocaleString(Ye(),{minimumFractionDigits:e,maximumFractionDigits:e})}function N(s,e=0){return s.toLocaleString(Ye(),{style:"percent",minimumFractionDigits:e,maximumFractionDigits:e})}function T(s){let e=Math.max(0,Math.round(s)),[t,i,r]=[Math.floor(e/3600),Math.floor(e/60)%60,e%60];return t>0?a("time.hours",{h:t,m:i}):i>0?a("time.minutes",{m:i,s:r}):a("time.seconds",{s:r})}function x(s){let e=Math.max(0,Math.floor(s));return`${Math.floor(e/60)}:${String(e%60).padStart(2,"0")}`}function Xe(s){return s<1e6?`${z(s/1e3)} kB`:`${z(s/1e6,1)} MB`}function xt(s){return new Date(s).toLocaleString(Ye(),{dateStyle:"medium",timeStyle:"short"})}var _e="/api/v1",_=class extends Error{constructor(t,i,r,n=null,o={},d=[]){super(r);this.status=t;this.code=i;this.detail=r;this.key=n;this.args=o;this.problems=d}status;code;detail;key;args;problems;sentence(){if(this.key===null)return this.detail;let t=E(this.key,this.args);return t===this.key?this.detail:t}};function I(s){return s instanceof _?s.sentence():s instanceof Error?s.message:String(s)}function Ze(){return new _(0,"UNREACHABLE","The server does not answer","studio.unreachable")}function et(s,e){try{let t=JSON.parse(e);return new _(s,t.code,t.detail,t.key??null,t.args??{},t.errors??[])}catch{return new _(s,"UNKNOWN",`HTTP ${s}`)}}async function Y(s,e={}){let t;try{t=await fetch(_e+s,e)}catch(i){throw e.signal?.aborted?i:Ze()}if(!t.ok)throw et(t.status,await t.text());return t}async function At(s){try{let e=await fetch(s,{headers:{Range:"bytes=0-0"}});return e.ok?(await e.body?.cancel(),null):et(e.status,await e.text())}catch{return Ze()}}async function M(s,e={}){return await(await Y(s,e)).json()}function ls(s,e,t={}){return{method:s,body:JSON.stringify(e),headers:{"Content-Type":"application/json",...t}}}function Et(s){let e=Object.entries(s).filter(([,t])=>t!==void 0&&t!=="");return e.length?`?${new URLSearchParams(e.map(([t,i])=>[t,String(i)]))}`:""}var j=s=>`/tasks/${encodeURIComponent(s)}`,ke=()=>M("/packs"),St=s=>M(`/files/${encodeURIComponent(s)}`),we=s=>Y(`/files/${encodeURIComponent(s)}`,{method:"DELETE"}),Rt=s=>`${_e}/files/${encodeURIComponent(s)}/download`,Mt=(s,e)=>M(`/files/${encodeURIComponent(s)}/report`,e?{signal:e}:{});var Ct=(s,e)=>M("/tasks",ls("POST",s,{"Idempotency-Key":e})),Lt=(s,e,t,i)=>M(`/tasks${Et({status:s,search:e,limit:t,offset:i})}`),Pt=s=>M(j(s)),Nt=s=>Y(j(s),{method:"DELETE"}),It=s=>Y(`${j(s)}?purge=true`,{method:"DELETE"}),Ht=s=>M(`${j(s)}/resume`,{method:"POST"}),Ot=(s,e)=>M(`${j(s)}/retry${Et({from_stage:e})}`,{method:"POST"}),Dt=s=>M(`${j(s)}/outputs`);var Te=(s,e,t)=>`${_e}${j(s)}/outputs/${e}/${t.split("/").map(encodeURIComponent).join("/")}`;function Ut(s,e,t,i,r){return new Promise((n,o)=>{let d=new XMLHttpRequest;d.open("POST",`${_e}/files`),d.setRequestHeader("Idempotency-Key",r),d.upload.onprogress=m=>m.lengthComputable&&t(m.loaded/m.total),d.onerror=()=>o(Ze()),d.onabort=()=>o(new DOMException("aborted","AbortError")),d.onload=()=>d.status===200?n(JSON.parse(d.responseText)):o(et(d.status,d.responseText)),i.addEventListener("abort",()=>d.abort());let c=new FormData;e&&c.append("transcript",e),c.append("file",s,s.name),d.send(c)})}var tt=["progress","result"];function Ft(s){let[e="",t=""]=s.replace(/^#/,"").split("?"),i=e.split("/").filter(Boolean).map(decodeURIComponent);if(i.length===0)return{name:"train"};if(i[0]!=="tasks"||i.length>3)return{name:"missing"};if(i[1]===void 0)return{name:"tasks",search:new URLSearchParams(t)};let r=i[2]??"progress";return tt.includes(r)?{name:"task",id:i[1],tab:r}:{name:"missing"}}function H(s,e="progress"){return e==="progress"?`#/tasks/${encodeURIComponent(s)}`:`#/tasks/${encodeURIComponent(s)}/${e}`}function O(s){location.hash=s}var st="voiceloom.theme",ds={auto:"light",light:"dark",dark:"auto"};function xe(){let s=localStorage.getItem(st);return s==="light"||s==="dark"?s:"auto"}function rt(s=xe()){s==="auto"?(localStorage.removeItem(st),delete document.documentElement.dataset.theme):(localStorage.setItem(st,s),document.documentElement.dataset.theme=s),window.dispatchEvent(new Event("themechange"))}function qt(){rt(ds[xe()])}function Ae(s){return getComputedStyle(document.documentElement).getPropertyValue(s).trim()}var h=()=>{};function Bt(s){h=s}function b(s){return s?l`<p class="notice bad" role="alert">${I(s)}</p>`:p}function X(){return l`<p class="muted" role="status"><span class="spinner" aria-hidden="true"></span> ${a("loading")}</p>`}function Z(s){return window.confirm(s)}var it=null;function y(s){it??=document.getElementById("announcer"),it!==null&&(it.textContent=s)}var Ee=class{title(){return a("missing.title")}render(){return l`<h1>${a("missing.title")}</h1>
      <p><a href="#/">${a("missing.back")}</a></p>`}};var Vt=500,cs=1e4,ps=4e4,us=2e4;function zt(s,e,t,i){let r=!1,n=Date.now(),o=new AbortController,d=()=>{};async function c(){let u=Vt;for(;!r;){o=new AbortController;try{let g={Accept:"text/event-stream","Last-Event-ID":String(e)},f=`/tasks/${encodeURIComponent(s)}/progress`,$=await Y(f,{headers:g,signal:o.signal});if($.status===204||(i("open"),u=Vt,await m($)))return i("ended")}catch(g){if(g instanceof _&&g.status===404)return i("gone")}if(r)return;i("lost"),await new Promise(g=>{let f=setTimeout(g,u);d=()=>{clearTimeout(f),g()}}),u=Math.min(u*2,cs)}}async function m(u){if(u.body===null)return!1;let g=u.body.pipeThrough(new TextDecoderStream).getReader(),f=o,$="",k=!1;for(;;){let ie=setTimeout(()=>f.abort(),ps),{value:he,done:ss}=await g.read().finally(()=>clearTimeout(ie));if(n=Date.now(),ss)return k;$+=he;let ct=$.split(`

`);$=ct.pop()??"";for(let rs of ct){let G=hs(rs);G===null||G.id<=e||(e=G.id,k=G.name!=="progress"&&G.name!=="log",t(G))}}}let v=()=>{document.visibilityState==="visible"&&(d(),Date.now()-n>us&&o.abort())};return document.addEventListener("visibilitychange",v),window.addEventListener("online",v),c(),{stop(){r=!0,o.abort(),d(),document.removeEventListener("visibilitychange",v),window.removeEventListener("online",v)}}}function hs(s){let e="message",t="",i="";for(let r of s.split(`
`)){let n=r.indexOf(":"),o=n<0?r:r.slice(0,n),d=n<0?"":r.slice(n+1).replace(/^ /,"");o==="event"?e=d:o==="id"?t=d:o==="data"&&(i+=d)}return t===""?null:{name:e,id:Number(t),data:JSON.parse(i)}}var Kt=["fast","standard","high"],jt=["audio_slice","asr","text_feature","hubert_feature","semantic_token","sovits_train","gpt_train","inference"],at=["queued","running","interrupted","completed","failed","cancelled"];var ms=500,gs={pending:"\u25CB",running:"\u25D4",completed:"\u2713",failed:"\u2715",cancelled:"\u2013",skipped:"\u2013"},Se=class{lines=[];ends=new Map;onEvent(e){if(e.name==="log")this.lines.push(e),this.lines.length>ms&&this.lines.shift();else if(e.name==="progress"&&e.data.stage){let t=e.data.eta_seconds;typeof t=="number"?this.ends.set(e.data.stage,Date.now()+t*1e3):this.ends.delete(e.data.stage)}}render(e){return l`
      <section class="card">
        <label class="small">
          ${a("progress.whole",{share:N(e.progress)})}
          ${e.queue_position?l` · ${a("tasks.position",{position:e.queue_position})}`:p}
          <progress max="1" .value=${e.progress} data-test="bar"></progress>
        </label>
        <ol class="stages">
          ${e.stages.map(t=>this.stage(t))}
        </ol>
      </section>
      <details class="card" data-test="logs">
        <summary>${a("progress.logs",{count:this.lines.length})}</summary>
        ${this.lines.length===0?l`<p class="muted">${a("progress.no_logs")}</p>`:p}
        <ul class="lines small">
          ${this.lines.map(t=>l`<li class=${t.data.level??"info"} data-test="log-line" data-id=${t.id}>
              ${t.data.stage?`${a(`stage.${t.data.stage}`)}: `:""}${S(t.data)}
            </li>`)}
        </ul>
      </details>
    `}stage(e){let t=e.status==="running",i=this.ends.get(e.name);return l`
      <li class=${e.status} data-test="stage-${e.name}" data-status=${e.status}>
        <span class="icon" aria-hidden="true">${gs[e.status]}</span>
        <span class="what">
          <strong>${a(`stage.${e.name}`)}</strong>
          <span class="muted small">${a(`stage_status.${e.status}`)}</span>
          ${e.message_key&&e.status!=="pending"?l`<span class="small">${S(e)}</span>`:p}
        </span>
        <span class="muted small number">
          ${e.seconds!==null&&!t?T(e.seconds):p}
          ${t&&i!==void 0?l`<span data-test="eta">${a("progress.left",{time:T((i-Date.now())/1e3)})}</span>`:p}
        </span>
        ${t?l`<progress max="1" .value=${e.progress} aria-label=${a(`stage.${e.name}`)}></progress>`:p}
      </li>
    `}};var C={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},Re=s=>(...e)=>({_$litDirective$:s,values:e}),ee=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,i){this._$Ct=e,this._$AM=t,this._$Ci=i}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}};var{I:fs}=kt,Wt=s=>s;var Qt=s=>s.strings===void 0,Gt=()=>document.createComment(""),te=(s,e,t)=>{let i=s._$AA.parentNode,r=e===void 0?s._$AB:e._$AA;if(t===void 0){let n=i.insertBefore(Gt(),r),o=i.insertBefore(Gt(),r);t=new fs(n,o,s,s.options)}else{let n=t._$AB.nextSibling,o=t._$AM,d=o!==s;if(d){let c;t._$AQ?.(s),t._$AM=s,t._$AP!==void 0&&(c=s._$AU)!==o._$AU&&t._$AP(c)}if(n!==r||d){let c=t._$AA;for(;c!==n;){let m=Wt(c).nextSibling;Wt(i).insertBefore(c,r),c=m}}}return t},D=(s,e,t=s)=>(s._$AI(e,t),s),vs={},Me=(s,e=vs)=>s._$AH=e,Jt=s=>s._$AH,Ce=s=>{s._$AR(),s._$AA.remove()};var W=Re(class extends ee{constructor(s){if(super(s),s.type!==C.PROPERTY&&s.type!==C.ATTRIBUTE&&s.type!==C.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!Qt(s))throw Error("`live` bindings can only contain a single expression")}render(s){return s}update(s,[e]){if(e===w||e===p)return e;let t=s.element,i=s.name;if(s.type===C.PROPERTY){if(e===t[i])return w}else if(s.type===C.BOOLEAN_ATTRIBUTE){if(!!e===t.hasAttribute(i))return w}else if(s.type===C.ATTRIBUTE&&t.getAttribute(i)===e+"")return w;return Me(s),e}});var se=class extends HTMLElement{scheduled=!1;redraw=()=>this.changed();connectedCallback(){window.addEventListener("textchange",this.redraw),this.changed()}disconnectedCallback(){window.removeEventListener("textchange",this.redraw)}changed(){this.scheduled||(this.scheduled=!0,queueMicrotask(()=>{this.scheduled=!1,this.isConnected&&(ye(this.template(),this),this.drawn())}))}drawn(){}};function ce(s){return l`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${s}</svg>`}var Le=ce(J`<path d="M7 4.5v15l13-7.5z" fill="currentColor"></path>`),Pe=ce(J`<path d="M6 4.5h4v15H6zm8 0h4v15h-4z" fill="currentColor"></path>`),lr=ce(J`<path d="M6 6h12v12H6z" fill="currentColor"></path>`),dr=ce(J`<path d="M12 14.5a3.5 3.5 0 0 0 3.5-3.5V6a3.5 3.5 0 0 0-7 0v5a3.5 3.5 0 0 0 3.5 3.5zm-7-4h1.8v.5a5.2 5.2 0 0 0 10.4 0v-.5H19v.5a7 7 0 0 1-6.1 6.9V22h-1.8v-4.1A7 7 0 0 1 5 11z" fill="currentColor"></path>`),cr=ce(J`<path d="M12 3.5l5.5 5.5-1.4 1.4-3.1-3.1V16h-2V7.3l-3.1 3.1L6.5 9zM5 18.5h14v2H5z" fill="currentColor"></path>`);var nt=null;function Ne(s){s.addEventListener("play",()=>{nt!==s&&nt?.pause(),nt=s})}function Ie(s){s.pause(),s.removeAttribute("src"),s.load()}async function He(s,e){let t=e.startsWith("blob:")?null:await At(e);if(t!==null)return t;let r=s.error?.code===MediaError.MEDIA_ERR_NETWORK?"studio.player.broken_off":"studio.player.unplayable";return new _(0,"UNPLAYABLE",s.error?.message??"",r)}function Oe(s){return s>60?5:1}var ot=class extends se{media=new Audio;source="";known=0;name="";buttonTest="play";waiting=!1;error=null;frame=0;constructor(){super(),Ne(this.media);for(let e of["loadedmetadata","durationchange","seeked","timeupdate"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused)),this.media.addEventListener("playing",()=>this.wait(!1)),this.media.addEventListener("pause",()=>this.wait(!1)),this.media.addEventListener("error",()=>{this.fail()});for(let e of["play","pause","ended"])this.media.addEventListener(e,()=>{this.follow(),this.dispatchEvent(new Event(e))})}set src(e){e!==this.source&&(this.source=e,this.load())}set seconds(e){this.known=e,this.media.preload=e>0?"none":"metadata",this.changed()}set label(e){this.name=e,this.changed()}set test(e){this.buttonTest=e,this.changed()}connectedCallback(){super.connectedCallback(),this.source&&!this.media.getAttribute("src")&&this.load()}disconnectedCallback(){super.disconnectedCallback(),cancelAnimationFrame(this.frame),Ie(this.media)}play(){this.error&&this.load(),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.media.play().catch(()=>this.wait(!1))}pause(){this.media.pause()}load(){this.error=null,this.waiting=!1,!(!this.isConnected||!this.source)&&(this.media.preload=this.known>0?"none":"metadata",this.media.src=this.source,this.changed())}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=this.source,t=await He(this.media,e);e!==this.source||!this.isConnected||(this.error=t,this.media.pause(),this.wait(!1))}follow(){cancelAnimationFrame(this.frame),this.changed(),!this.media.paused&&this.isConnected&&(this.frame=requestAnimationFrame(()=>this.follow()))}get length(){return Number.isFinite(this.media.duration)?this.media.duration:this.known}seek(e){this.media.currentTime=Math.min(Math.max(0,e),this.length),this.changed()}onKey(e){let t=Oe(this.length);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.media.currentTime-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.media.currentTime+t);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,i]=[x(this.media.currentTime),this.length>0?x(Math.round(this.length)):"\u2013:\u2013\u2013"],r=this.name?`${a(e?"player.pause":"player.play")}: ${this.name}`:p;return l`
      <button
        class="round"
        type="button"
        aria-label=${r===p?a(e?"player.pause":"player.play"):r}
        aria-busy=${this.waiting}
        data-test=${this.buttonTest}
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?l`<span class="spinner" aria-hidden="true"></span>`:e?Pe:Le}
      </button>
      <input
        type="range"
        min="0"
        max=${this.length||1}
        step="any"
        .value=${W(String(this.media.currentTime))}
        aria-label=${this.name?`${a("player.position")}: ${this.name}`:a("player.position")}
        aria-valuetext=${a("player.at",{at:t,whole:i})}
        ?disabled=${this.length<=0}
        data-test="seek"
        @input=${n=>this.seek(n.target.valueAsNumber)}
        @keydown=${n=>this.onKey(n)}
      />
      <span class="number small muted" aria-hidden="true">${t} / ${i}</span>
      ${b(this.error)}
    `}};customElements.define("vl-player",ot);var De=class{constructor(e){this.id=e}id;made=null;error=null;refused=null;async load(){try{this.made=await Dt(this.id),this.error=null}catch(e){this.error=e}h()}async deleteAll(e){if(Z(a("result.delete_sure",{name:e.exp_name})))try{await It(this.id);for(let t of e.audio_file_ids)await we(t).catch(i=>{if(!(i instanceof _)||![404,409].includes(i.status))throw i});y(a("result.deleted")),O("#/tasks")}catch(t){this.refused=t,h()}}render(e){let t=this.made;if(t===null)return this.error?l`${b(this.error)}`:X();let i=[...t.outputs].sort((r,n)=>Number(n.best)-Number(r.best));return l`
      ${i.length===0?l`<p class="notice">${a("result.none")}</p>`:p}
      ${t.target_text&&i.length?l`<p>${a("result.said")} <q>${t.target_text}</q></p>`:p}
      ${i.map(r=>this.candidate(r))} ${this.reference(t)} ${this.models(t.models)}
      <section class="card">
        <h2>${a("result.delete_title")}</h2>
        <p class="muted">${a("result.delete_what")}</p>
        ${b(this.refused)}
        <button class="danger" data-test="delete" @click=${()=>this.deleteAll(e)}>${a("result.delete")}</button>
      </section>
    `}candidate(e){let t=Te(this.id,"output",e.filename);return l`
      <section class="card candidate" data-test="candidate" data-best=${e.best}>
        <div class="row spread">
          <h2>${e.best?a("result.best"):a("result.candidate")}</h2>
          ${e.best?l`<span class="badge good">${a("result.best_badge")}</span>`:p}
        </div>
        <vl-player .src=${t} .seconds=${e.seconds} .label=${e.filename}></vl-player>
        <dl class="facts">
          <div>
            <dt class="muted small">${a("result.wer")}</dt>
            <dd class="number">${N(e.word_error_rate)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.similarity")}</dt>
            <dd class="number">${z(e.speaker_similarity,2)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.length")}</dt>
            <dd class="number">${T(e.seconds)}</dd>
          </div>
        </dl>
        <p class="small muted">${a("result.heard")} <q>${e.heard_text}</q></p>
        <p class="small muted">${e.sovits_model} · ${e.gpt_model}</p>
        <a class="button" href=${t} download=${e.filename} data-test="download-output"
          >${a("result.download_audio",{size:Xe(e.size_bytes)})}</a
        >
      </section>
    `}reference(e){return e.ref_audio_path?l`
      <section class="card" data-test="reference">
        <h2>${a("result.reference")}</h2>
        <p class="muted">${e.ref_text}</p>
        <vl-player
          .src=${Te(this.id,"ref_audio",e.ref_audio_path)}
          .label=${a("result.reference")}
        ></vl-player>
      </section>
    `:p}models(e){if(e.length===0)return p;let t=e.filter(r=>r.best),i=e.filter(r=>!r.best);return l`
      <section class="card">
        <h2>${a("result.weights")}</h2>
        <p class="muted">${a("result.weights_hint")}</p>
        <div class="row">${t.map(r=>this.model(r))}</div>
        ${i.length?l`<details ?open=${t.length===0}>
              <summary>${a("result.others")}</summary>
              <div class="row">${i.map(r=>this.model(r))}</div>
            </details>`:p}
      </section>
    `}model(e){let t=Te(this.id,`${e.kind}_model`,e.filename);return l`<a class="button" href=${t} download=${e.filename} data-test="download-${e.kind}"
      >${e.filename} (${Xe(e.size_bytes)})</a
    >`}};var $s=500,Yt=["completed","failed","cancelled"],pe=class{constructor(e,t){this.id=e;this.tab=t;this.result=new De(e),this.refresh(),this.listen()}id;tab;task=null;error=null;refused=null;connection="open";stream=null;last=0;refreshing=0;gone=!1;clock=window.setInterval(()=>this.task?.status==="running"&&h(),1e3);from="";progress=new Se;result;show(e){this.tab=e,e==="result"&&this.result.load()}title(){return this.task?`${this.task.exp_name} \xB7 ${a(`task.tab.${this.tab}`)}`:a("task.title")}leave(){this.gone=!0,this.stream?.stop(),clearTimeout(this.refreshing),clearInterval(this.clock)}listen(){this.stream?.stop(),this.stream=zt(this.id,this.last,e=>this.onEvent(e),e=>{this.connection=e,(e==="open"||e==="ended")&&this.soon(),h()})}onEvent(e){this.last=e.id,this.progress.onEvent(e),this.soon(),h()}soon(){this.refreshing||this.gone||(this.refreshing=window.setTimeout(()=>{this.refreshing=0,this.refresh()},$s))}async refresh(){try{let e=await Pt(this.id);if(this.gone)return;let t=this.task!==null&&this.task.status!==e.status&&Yt.includes(e.status);this.task=e,this.error=null,t&&y(`${e.exp_name}: ${a(`status.${e.status}`)}`),t&&e.status==="completed"&&this.tab==="progress"&&O(H(this.id,"result")),this.tab==="result"&&this.result.load()}catch(e){if(this.gone)return;(this.task===null||e instanceof _&&e.status===404)&&(this.error=e),(!(e instanceof _)||e.status!==404)&&this.soon()}h()}async act(e){this.refused=null;try{await e(),await this.refresh(),this.connection==="ended"&&this.listen()}catch(t){this.refused=t,y(I(t)),h()}}render(){let e=this.task;return this.error?l`${b(this.error)}
        <p><a href="#/tasks">${a("task.back")}</a></p>`:e===null?X():l`
      <div class="task">
        <div class="row spread">
          <h1>${e.exp_name}</h1>
          <span class="badge ${e.status}" data-test="status" data-status=${e.status}
            >${a(`status.${e.status}`)}</span
          >
        </div>
        ${this.connection==="lost"?l`<p class="notice warn" role="status" data-test="connection">${a("task.lost")}</p>`:p}
        ${e.error?l`<div class="notice bad" role="alert" data-test="failure">
              <p>${E(e.error.key,e.error.args)}</p>
              ${e.error.code.startsWith("AUDIO_")?l`<a href="#/">${a("task.other_recording")}</a>`:p}
            </div>`:l`<p class="muted">${S(e)}</p>`}
        ${this.actions(e)} ${b(this.refused)}
        <nav class="tabs" aria-label=${a("task.tabs")}>
          ${tt.map(t=>l`
              <a
                href=${H(this.id,t)}
                data-test="tab-${t}"
                aria-current=${this.tab===t?"page":p}
                >${a(`task.tab.${t}`)}</a
              >
            `)}
        </nav>
        ${this.tab==="progress"?this.progress.render(e):this.result.render(e)}
      </div>
    `}actions(e){let t=Yt.includes(e.status),i=["interrupted","failed","cancelled"].includes(e.status);return l`
      <div class="row actions">
        ${t?p:l`<button
              class="danger"
              data-test="cancel"
              @click=${()=>Z(a("task.cancel_sure"))&&this.act(()=>Nt(this.id))}
            >
              ${a("task.cancel")}
            </button>`}
        ${i?l`<button class="primary" data-test="resume" @click=${()=>this.act(()=>Ht(this.id))}>
              ${a("task.resume")}
            </button>`:p}
        ${t?l`
              <label>
                <span class="hidden">${a("task.retry_from")}</span>
                <select
                  data-test="retry-stage"
                  @change=${r=>{this.from=r.target.value}}
                >
                  <option value="">${a("task.retry_from")}</option>
                  ${jt.map(r=>l`<option value=${r}>${a(`stage.${r}`)}</option>`)}
                </select>
              </label>
              <button data-test="retry" @click=${()=>this.act(()=>Ot(this.id,this.from||void 0))}>
                ${a("task.retry")}
              </button>
            `:p}
      </div>
    `}};var Xt=(s,e,t)=>{let i=new Map;for(let r=e;r<=t;r++)i.set(s[r],r);return i},Ue=Re(class extends ee{constructor(s){if(super(s),s.type!==C.CHILD)throw Error("repeat() can only be used in text expressions")}dt(s,e,t){let i;t===void 0?t=e:e!==void 0&&(i=e);let r=[],n=[],o=0;for(let d of s)r[o]=i?i(d,o):o,n[o]=t(d,o),o++;return{values:n,keys:r}}render(s,e,t){return this.dt(s,e,t).values}update(s,[e,t,i]){let r=Jt(s),{values:n,keys:o}=this.dt(e,t,i);if(!Array.isArray(r))return this.ut=o,n;let d=this.ut??=[],c=[],m,v,u=0,g=r.length-1,f=0,$=n.length-1;for(;u<=g&&f<=$;)if(r[u]===null)u++;else if(r[g]===null)g--;else if(d[u]===o[f])c[f]=D(r[u],n[f]),u++,f++;else if(d[g]===o[$])c[$]=D(r[g],n[$]),g--,$--;else if(d[u]===o[$])c[$]=D(r[u],n[$]),te(s,c[$+1],r[u]),u++,$--;else if(d[g]===o[f])c[f]=D(r[g],n[f]),te(s,r[u],r[g]),g--,f++;else if(m===void 0&&(m=Xt(o,f,$),v=Xt(d,u,g)),m.has(d[u]))if(m.has(d[g])){let k=v.get(o[f]),ie=k!==void 0?r[k]:null;if(ie===null){let he=te(s,r[u]);D(he,n[f]),c[f]=he}else c[f]=D(ie,n[f]),te(s,r[u],ie),r[k]=null;f++}else Ce(r[g]),g--;else Ce(r[u]),u++;for(;f<=$;){let k=te(s,c[$+1]);D(k,n[f]),c[f++]=k}for(;u<=g;){let k=r[u++];k!==null&&Ce(k)}return this.ut=o,Me(s,c),w}});var Fe=20,bs=3e3,ys=300,qe=class{page=null;error=null;status;search;offset;typing=0;timer;asked=0;constructor(e){let t=e.get("status");this.status=at.includes(t)?t:"",this.search=e.get("search")??"",this.offset=Math.max(0,Math.floor(Number(e.get("offset")))||0),this.load(),this.timer=window.setInterval(()=>document.visibilityState==="visible"&&void this.load(),bs)}title(){return a("tasks.title")}leave(){clearInterval(this.timer),clearTimeout(this.typing),this.asked=-1}async load(){if(this.asked<0)return;let e=++this.asked;try{let t=await Lt(this.status,this.search,Fe,this.offset);if(e!==this.asked)return;this.page=t,this.error=null}catch(t){if(e!==this.asked)return;this.error=t}h()}choose(e){let t={status:this.status,search:this.search,offset:0,...e},i=Object.entries(t).filter(([,n])=>n!==""&&n!==0),r=new URLSearchParams(i.map(([n,o])=>[n,String(o)])).toString();history.replaceState(null,"",`#/tasks${r?`?${r}`:""}`),this.status=t.status,this.search=t.search,this.offset=t.offset,this.load()}onSearch(e){let t=e.target.value.trim();clearTimeout(this.typing),this.typing=window.setTimeout(()=>this.choose({search:t}),ys)}render(){return l`
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
              ${at.map(e=>l`<option value=${e} ?selected=${this.status===e}>${a(`status.${e}`)}</option>`)}
            </select>
          </label>
        </div>
        ${b(this.error)} ${this.page===null?this.error?p:X():this.list(this.page)}
      </section>
    `}list(e){if(e.items.length===0){let t=this.status===""&&this.search==="";return l`<div class="card empty">
        <p>${a(t?"tasks.none":"tasks.none_found")}</p>
        ${t?l`<button class="primary" @click=${()=>O("#/")}>${a("tasks.first")}</button>`:p}
      </div>`}return l`
      <ul class="list">
        ${Ue(e.items,t=>t.id,t=>this.item(t))}
      </ul>
      ${this.pages(e)}
    `}item(e){let t=e.status==="completed"?H(e.id,"result"):H(e.id),i=e.status==="running"||e.status==="interrupted",r=e.started_at&&e.completed_at?T((Date.parse(e.completed_at)-Date.parse(e.started_at))/1e3):"";return l`
      <li class="card item" data-test="task">
        <a href=${t}>${e.exp_name}</a>
        <span class="badge ${e.status}">${a(`status.${e.status}`)}</span>
        <span class="facts muted small">
          ${xt(e.created_at)} · ${a(`quality.${e.quality}`)}
          ${e.detected_language?l` · ${R("language",e.detected_language)}`:p}
          ${r?l` · ${a("tasks.took",{time:r})}`:p}
          ${e.queue_position?l` · ${a("tasks.position",{position:e.queue_position})}`:p}
          ${e.status==="failed"?l`<br />${S(e)}`:p}
        </span>
        ${i?l`<progress max="1" .value=${e.progress} aria-label=${a("tasks.progress")}></progress>`:p}
      </li>
    `}pages(e){if(e.total<=Fe&&this.offset===0)return p;let t=Math.min(e.total,this.offset+e.items.length);return l`
      <nav class="row spread" aria-label=${a("tasks.pages")}>
        <button
          ?disabled=${this.offset===0}
          @click=${()=>this.choose({offset:Math.max(0,this.offset-Fe)})}
          data-test="newer"
        >
          ${a("tasks.newer")}
        </button>
        <span class="muted number">${a("tasks.range",{first:this.offset+1,last:t,total:e.total})}</span>
        <button
          ?disabled=${t>=e.total}
          @click=${()=>this.choose({offset:this.offset+Fe})}
          data-test="older"
        >
          ${a("tasks.older")}
        </button>
      </nav>
    `}};var _s=["audio/webm;codecs=opus","audio/mp4","audio/ogg;codecs=opus"],Be=class{constructor(e){this.done=e}done;recorder=null;chunks=[];began=0;level=0;timer=0;wanted=!0;sound=null;trouble="";close(){this.stop(!1)}async start(){this.trouble="";let e;try{e=await navigator.mediaDevices.getUserMedia({audio:{echoCancellation:!1,noiseSuppression:!1,autoGainControl:!1}})}catch(r){let n=r instanceof DOMException&&r.name==="NotAllowedError";this.trouble=n?"record.refused":"record.no_microphone",y(a(this.trouble)),h();return}let t=_s.find(r=>MediaRecorder.isTypeSupported(r))??"",i=new MediaRecorder(e,{...t?{mimeType:t}:{},audioBitsPerSecond:128e3});this.chunks=[],this.wanted=!0,i.ondataavailable=r=>this.chunks.push(r.data),i.onstop=()=>this.finish(e,i.mimeType),i.start(1e3),this.recorder=i,this.began=Date.now(),this.meter(e),y(a("record.running")),h()}meter(e){let t=new AudioContext,i=t.createAnalyser();t.createMediaStreamSource(e).connect(i);let r=new Float32Array(i.fftSize);this.sound=t,this.timer=window.setInterval(()=>{i.getFloatTimeDomainData(r),this.level=r.reduce((n,o)=>Math.max(n,Math.abs(o)),0),h()},100)}stop(e){this.wanted=e,this.recorder?.state==="recording"&&this.recorder.stop()}finish(e,t){clearInterval(this.timer);for(let i of e.getTracks())i.stop();if(this.sound?.close(),this.recorder=null,this.wanted){let i=t.split(";")[0]||"audio/webm",r={"audio/mp4":"m4a","audio/ogg":"ogg"}[i]??"webm",n=new Date(this.began).toISOString().slice(0,19).replace(/[-:T]/g,"");this.done(new File(this.chunks,`${a("record.file")}-${n}.${r}`,{type:i}))}this.chunks=[],h()}button(){return this.recorder!==null||!navigator.mediaDevices?p:l`<button type="button" data-test="record" @click=${()=>this.start()}>${a("record.start")}</button>`}panel(){return this.trouble?l`<p class="notice bad" role="alert">${a(this.trouble)}</p>`:this.recorder===null?p:l`
      <div class="notice stack">
        <p class="muted">${a("record.read")}</p>
        <p class="lead">${a("record.text")}</p>
        <div class="row">
          <strong class="number">${x((Date.now()-this.began)/1e3)}</strong>
          <meter class="grow" min="0" max="1" high="0.98" .value=${this.level} aria-label=${a("record.level")}></meter>
          <button type="button" class="primary" data-test="stop-record" @click=${()=>this.stop(!0)}>
            ${a("record.stop")}
          </button>
          <button type="button" @click=${()=>this.stop(!1)}>${a("record.discard")}</button>
        </div>
      </div>
    `}};var ks=88,lt=class extends se{media=new Audio;picture=null;shown=null;recolor=()=>{};levels=[];whole=0;source="";parts=[];name="";at=0;waiting=!1;error=null;onTheme=()=>this.recolor();constructor(){super(),this.media.preload="none",Ne(this.media);for(let e of["play","pause","seeked"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused));for(let e of["playing","pause"])this.media.addEventListener(e,()=>this.wait(!1));this.media.addEventListener("error",()=>{this.fail()})}set peaks(e){this.levels=e,this.changed()}set seconds(e){this.whole=e,this.changed()}set src(e){this.source=e,this.changed()}set regions(e){this.parts=e,this.changed()}set label(e){this.name=e,this.changed()}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),this.forget(),Ie(this.media)}play(e,t){this.error&&(this.error=null,this.media.load()),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.picture?.play(e,t).catch(()=>this.wait(!1))}pause(){this.media.pause()}forget(){this.picture?.destroy(),this.picture=null,this.shown=null,this.recolor=()=>{}}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=await He(this.media,this.source);this.isConnected&&(this.error=e,this.media.pause(),this.wait(!1))}drawn(){if(this.levels.length===0||this.whole<=0||this.shown?.peaks===this.levels&&this.shown.regions===this.parts)return;let e={peaks:this.levels,regions:this.parts};this.shown=e,this.paint(e).catch(t=>{this.error=t,this.changed()})}async paint(e){let[{default:t},{default:i}]=await Promise.all([import("./wavesurfer.esm-O7JBKOG2.js"),import("./regions.esm-EO3R2OYS.js")]);if(!this.isConnected||this.shown!==e)return;this.picture?.destroy();let r=i.create(),n=t.create({container:this.querySelector(".picture"),height:ks,barWidth:2,barGap:1,barRadius:1,cursorWidth:2,media:this.media,url:this.source,peaks:[e.peaks.map(d=>d/255)],duration:this.whole,cspNonce:document.querySelector("script[nonce]")?.nonce??"",plugins:[r]});this.picture=n,n.on("timeupdate",d=>{this.at=d,this.changed()});let o=d=>Ae(d.kept?"--clip":"--clip-out");n.once("ready",()=>{for(let d of e.regions){let c=r.addRegion({start:d.start,end:d.end,color:o(d),drag:!1,resize:!1});c.element&&(c.element.title=d.title,c.element.style.cursor="pointer"),c.on("click",m=>{m.stopPropagation(),this.play(d.start,d.end)})}}),this.recolor=()=>{let d=Ae("--wave-played");n.setOptions({waveColor:Ae("--wave"),progressColor:d,cursorColor:d});for(let[c,m]of r.getRegions().entries()){let v=e.regions[c];v&&m.setOptions({color:o(v)})}},this.recolor()}seek(e){this.picture?.setTime(Math.min(Math.max(0,e),this.whole))}onKey(e){let t=Oe(this.whole);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.at-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.at+t);else if(e.key==="Home")this.seek(0);else if(e.key==="End")this.seek(this.whole);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,i]=[x(this.at),x(Math.round(this.whole))];return l`
      <button
        class="round"
        type="button"
        aria-label="${a(e?"player.pause":"player.play")}: ${this.name}"
        aria-busy=${this.waiting}
        data-test="play"
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?l`<span class="spinner" aria-hidden="true"></span>`:e?Pe:Le}
      </button>
      <div
        class="picture"
        role="slider"
        tabindex="0"
        aria-label="${a("player.position")}: ${this.name}"
        aria-valuemin="0"
        aria-valuemax=${Math.round(this.whole)}
        aria-valuenow=${Math.round(this.at)}
        aria-valuetext=${a("player.at",{at:t,whole:i})}
        @keydown=${r=>this.onKey(r)}
      ></div>
      <span class="number small muted" aria-hidden="true">${t} / ${i}</span>
      ${b(this.error)}
    `}};customElements.define("vl-wave",lt);var ue=class s{constructor(e,t,i=()=>{}){this.local=e;this.onRemove=t;this.changed=i;e!==null&&this.upload()}local;onRemove;changed;file=null;report=null;error=null;share=0;regions=[];titled="";abort=new AbortController;key=crypto.randomUUID();static known(e,t){let i=new s(null,t);return St(e).then(r=>(i.file=r,h(),i.inspect()),()=>t(i)),i}close(){this.abort.abort()}async upload(){this.error=null;let e=t=>{this.share=t,h()};try{this.file=await Ut(this.local,"",e,this.abort.signal,this.key),this.changed()}catch(t){this.abort.signal.aborted||this.fail(t);return}await this.inspect()}async inspect(){if(this.file!==null){this.error=null;try{this.report=await Mt(this.file.file_id,this.abort.signal),y(this.verdict(this.report))}catch(e){this.abort.signal.aborted||this.fail(e)}h()}}fail(e){this.error=e,y(I(e)),h()}async remove(){if(this.file!==null){if(!Z(a("report.remove_sure",{name:this.file.filename})))return;await we(this.file.file_id).catch(()=>null)}this.onRemove(this)}verdict(e){return E(e.verdict_key,e.verdict_args)}render(){let e=this.file?.filename??this.local?.name??"";return l`
      <section class="card recording" data-test="recording" aria-label=${e}>
        <div class="row spread">
          <h2>${e}</h2>
          <button type="button" class="plain" data-test="remove" @click=${()=>this.remove()}>${a("report.remove")}</button>
        </div>
        ${this.error?l`${b(this.error)}
              <button type="button" @click=${()=>this.file?this.inspect():this.upload()}>${a("again")}</button>`:this.report?this.found(this.report):this.waiting()}
      </section>
    `}waiting(){return this.file!==null||this.share>=1?l`<p role="status"><span class="spinner" aria-hidden="true"></span> ${a("report.listening")}</p>`:l`<label>
      ${a("report.uploading",{share:N(this.share)})}
      <progress max="1" .value=${this.share}></progress>
    </label>`}clipRegions(e){return this.titled!==K()&&(this.titled=K(),this.regions=e.clips.map(t=>({start:t.start,end:t.start+t.seconds,kept:t.kept,title:t.kept?x(t.start):a("report.left_out",{reason:R("reason",t.drop_reason??"")})}))),this.regions}found(e){let t=e.clips.filter(i=>!i.kept);return l`
      <p data-test="verdict">
        <span class="badge ${e.outlook}">${a(`outlook.${e.outlook}`)}</span> ${this.verdict(e)}
      </p>
      ${e.problem?l`<p class="notice bad" role="alert">${E(e.problem.key,e.problem.args)}</p>`:p}
      ${e.warnings.map(i=>l`<p class="notice warn">${S(i)}</p>`)}
      <vl-wave
        data-test="wave"
        .peaks=${e.peaks}
        .seconds=${e.seconds}
        .src=${Rt(e.file_id)}
        .regions=${this.clipRegions(e)}
        .label=${this.file?.filename??""}
      ></vl-wave>
      <dl class="facts">
        ${this.fact("usable",T(e.usable_seconds))} ${this.fact("length",T(e.seconds))}
        ${this.fact("snr",`${z(e.snr_db)} dB`)} ${this.fact("clipping",N(e.clipping_ratio,1))}
        ${this.fact("loudness",`${z(e.loudness_lufs)} LUFS`)}
        ${this.fact("silence",N(e.silence_ratio))}
      </dl>
      <details>
        <summary>${a("report.clips",{kept:e.clips.length-t.length,all:e.clips.length})}</summary>
        <ul class="small">
          ${e.clips.map(i=>l`<li>
              ${x(i.start)}–${x(i.start+i.seconds)}:
              ${i.kept?a("report.kept"):a("report.left_out",{reason:R("reason",i.drop_reason??"")})}
            </li>`)}
        </ul>
      </details>
    `}fact(e,t){return l`<div>
      <dt class="muted small">${a(`report.${e}`)}</dt>
      <dd class="number">${t}</dd>
    </div>`}};var ws="audio/*,video/mp4,.m4a,.opus,.flac,.webm",Ts=10,dt="voiceloom.train";function xs(s){return[...s.replace(/\.[^.]*$/,"").normalize("NFC").replace(/[^\p{L}\p{M}\p{Nd}_-]+/gu,"-").replace(/^[-\p{M}]+|-+$/gu,"")].slice(0,64).join("")}function Zt(s){let e=[...s.normalize("NFC")].length;return e>=1&&e<=64&&/^[\p{L}\p{Nd}_-][\p{L}\p{M}\p{Nd}_-]*$/u.test(s.normalize("NFC"))}var Ve=class{cards=[];recorder=new Be(e=>this.add([e]));pack=null;name="";quality="standard";language="auto";say="";transcript="";dragging=!1;starting=!1;error=null;key={of:"",value:""};onDrag=e=>this.drag(e);constructor(){for(let e of["dragenter","dragover","dragleave","drop"])window.addEventListener(e,this.onDrag);this.restore(),ke().then(e=>{this.pack=e,h()},()=>{})}title(){return a("train.title")}leave(){for(let e of["dragenter","dragover","dragleave","drop"])window.removeEventListener(e,this.onDrag);this.recorder.close();for(let e of this.cards)e.close()}restore(){let e=JSON.parse(sessionStorage.getItem(dt)??"null");e!==null&&(this.name=e.name,this.quality=e.quality,this.language=e.language,this.say=e.say,this.transcript=e.transcript,this.cards=e.files.map(t=>ue.known(t,i=>this.remove(i))))}keep(){let e=this.cards.flatMap(d=>d.file?[d.file.file_id]:[]),{name:t,quality:i,language:r,say:n,transcript:o}=this;sessionStorage.setItem(dt,JSON.stringify({files:e,name:t,quality:i,language:r,say:n,transcript:o}))}drag(e){e.dataTransfer?.types.includes("Files")&&(e.preventDefault(),this.dragging=e.type==="dragenter"||e.type==="dragover",e.type==="drop"&&this.add([...e.dataTransfer.files]),h())}add(e){for(let t of e)this.cards.push(new ue(t,i=>this.remove(i),()=>this.keep())),this.name===""&&(this.name=xs(t.name));this.keep(),h()}remove(e){e.close(),this.cards=this.cards.filter(t=>t!==e),this.keep(),h()}get usable(){return this.cards.reduce((e,t)=>e+(t.report?.usable_seconds??0),0)}get obstacle(){return this.cards.length===0?"train.no_recording":this.cards.some(e=>e.error)?"train.bad_recording":this.cards.some(e=>e.report===null)?"train.not_ready":this.cards.some(e=>e.report?.problem&&e.report.problem.code!=="AUDIO_TOO_SHORT")?"train.bad_recording":this.usable<Ts?"train.too_short":Zt(this.name)?"":"train.name_rule"}async start(e){if(e.preventDefault(),this.starting||this.obstacle)return;let t={exp_name:this.name.normalize("NFC"),audio_file_ids:this.cards.flatMap(r=>r.file?[r.file.file_id]:[]),options:{quality:this.quality,language:this.language,...this.transcript.trim()?{transcript:this.transcript}:{},...this.say.trim()?{inference:{target_text:this.say}}:{}}},i=JSON.stringify(t);this.key.of!==i&&(this.key={of:i,value:crypto.randomUUID()}),this.starting=!0,this.error=null,h();try{let r=await Ct(t,this.key.value);sessionStorage.removeItem(dt),O(H(r.id))}catch(r){this.error=r,y(I(r))}this.starting=!1,h()}render(){return l`
      <div class="train">
        <h1>${a("train.title")}</h1>
        <p class="muted">${a("train.lead")}</p>
        ${this.dropZone()}
        ${Ue(this.cards,e=>e,e=>e.render())}
        ${this.cards.length>1?l`<p class="notice">${a("train.together",{time:T(this.usable)})}</p>`:p}
        ${this.form()}
      </div>
    `}dropZone(){return l`
      <section class="card drop ${this.dragging?"over":""}" data-test="drop" aria-label=${a("train.drop_label")}>
        <p class="lead">${a("train.drop")}</p>
        <div class="row">
          <label class="button primary">
            ${a("train.choose")}
            <input
              type="file"
              class="hidden"
              multiple
              accept=${ws}
              data-test="file"
              @change=${e=>{let t=e.target;this.add([...t.files??[]]),t.value=""}}
            />
          </label>
          ${this.recorder.button()}
        </div>
        ${this.recorder.panel()}
        <p class="muted small">${a("train.formats")}</p>
      </section>
    `}typed(e){return t=>{this[e]=t.target.value,this.keep(),h()}}form(){let e=this.obstacle,t=this.name!==""&&!Zt(this.name),i=this.pack?.languages??[];return l`
      <form class="card stack" @submit=${r=>this.start(r)}>
        <div class="field">
          <label for="name">${a("train.name")}</label>
          <input
            id="name"
            type="text"
            autocomplete="off"
            data-test="name"
            aria-invalid=${t}
            aria-describedby="name-rule"
            .value=${W(this.name)}
            @input=${this.typed("name")}
          />
          <span id="name-rule" class="small ${t?"bad-text":"muted"}">${a("train.name_rule")}</span>
        </div>
        <fieldset class="qualities">
          <legend>${a("train.quality")}</legend>
          ${Kt.map(r=>l`
              <label class="quality">
                <input
                  type="radio"
                  name="quality"
                  value=${r}
                  data-test="quality-${r}"
                  .checked=${W(this.quality===r)}
                  @change=${()=>{this.quality=r,this.keep(),h()}}
                />
                <strong>${a(`quality.${r}`)}</strong>
                <span class="muted small">${a(`quality_hint.${r}`)}</span>
              </label>
            `)}
        </fieldset>
        <div class="field">
          <label for="language">${a("train.language")}</label>
          <select
            id="language"
            @change=${r=>{this.language=r.target.value,this.keep(),h()}}
          >
            ${["auto",...i].map(r=>l`<option value=${r} ?selected=${r===this.language}>${R("language",r)}</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="say">${a("train.say")}</label>
          <textarea id="say" rows="2" data-test="say" .value=${W(this.say)} @input=${this.typed("say")}></textarea>
        </div>
        <details>
          <summary>${a("train.transcript")}</summary>
          <div class="field">
            <label for="transcript" class="small muted">${a("train.transcript_hint")}</label>
            <textarea
              id="transcript"
              rows="4"
              data-test="transcript"
              .value=${W(this.transcript)}
              @input=${this.typed("transcript")}
            ></textarea>
          </div>
        </details>
        ${b(this.error)}
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
    `}};var L,re,ts=null;function As(s){switch(s.name){case"train":return new Ve;case"tasks":return new qe(s.search);case"task":return new pe(s.id,s.tab);case"missing":return new Ee}}function es(){re=Ft(location.hash),re.name==="task"&&L instanceof pe&&L.id===re.id?L.show(re.tab):(L?.leave?.(),L=As(re),window.scrollTo(0,0)),y(L.title()),h()}async function Es(){let s=K()==="zh"?"en":"zh";await Je(s),y(L.title()),h()}function Ss(){let s=t=>t.includes(re.name)?"page":p,e=ts?.languages.map(t=>R("language",t)).join(", ");return l`
    <header class="bar">
      <a class="brand" href="#/"><span class="logo" aria-hidden="true"></span>Voiceloom</a>
      <nav aria-label=${a("nav.label")}>
        <a href="#/" aria-current=${s(["train"])}>${a("nav.train")}</a>
        <a href="#/tasks" aria-current=${s(["tasks","task"])}>${a("nav.tasks")}</a>
      </nav>
      ${e?l`<span class="pack muted">${a("nav.speaks",{languages:e})}</span>`:p}
      <div class="tools">
        <button class="plain" lang=${K()==="zh"?"en":"zh-CN"} @click=${Es} data-test="language">
          ${K()==="zh"?"English":"\u4E2D\u6587"}
        </button>
        <button
          class="plain"
          data-test="theme"
          @click=${()=>{qt(),h()}}
        >
          ${a(`theme.${xe()}`)}
        </button>
      </div>
    </header>
  `}function Rs(){return l`
    <a class="skip" href="#main" @click=${Ms}>${a("nav.skip")}</a>
    ${Ss()}
    <main id="main" tabindex="-1">${L.render()}</main>
    <footer class="muted">${a("footer.voices")} <a href="/docs">${a("footer.api")}</a></footer>
  `}function Ms(s){s.preventDefault(),document.getElementById("main")?.focus()}async function Cs(){rt();let s=document.getElementById("app"),e=!1;Bt(()=>{e||(e=!0,requestAnimationFrame(()=>{e=!1,document.title=`${L.title()} \xB7 Voiceloom`,ye(Rs(),s)}))});try{await Je(Tt())}catch{s.textContent="\u670D\u52A1\u6682\u65F6\u65E0\u6CD5\u8BBF\u95EE\uFF0C\u6B63\u5728\u91CD\u8BD5\u2026\u2026 / The server does not answer; trying again\u2026",setTimeout(()=>location.reload(),3e3);return}s.replaceChildren(),window.addEventListener("hashchange",es),es(),ts=await ke().catch(()=>null),h()}Cs();
