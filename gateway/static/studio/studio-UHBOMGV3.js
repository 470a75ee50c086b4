var We=globalThis,ft=s=>s,ge=We.trustedTypes,vt=ge?ge.createPolicy("lit-html",{createHTML:s=>s}):void 0,Ge="$lit$",C=`lit$${Math.random().toFixed(9).slice(2)}$`,Qe="?"+C,hs=`<${Qe}>`,j=document,le=()=>j.createComment(""),de=s=>s===null||typeof s!="object"&&typeof s!="function",Je=Array.isArray,kt=s=>Je(s)||typeof s?.[Symbol.iterator]=="function",Ke=`[ 	
\f\r]`,oe=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,$t=/-->/g,bt=/>/g,B=RegExp(`>|${Ke}(?:([^\\s"'>=/]+)(${Ke}*=${Ke}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),yt=/'/g,wt=/"/g,Tt=/^(?:script|style|textarea|title)$/i,Ye=s=>(e,...t)=>({_$litType$:s,strings:e,values:t}),o=Ye(1),X=Ye(2),js=Ye(3),T=Symbol.for("lit-noChange"),p=Symbol.for("lit-nothing"),_t=new WeakMap,V=j.createTreeWalker(j,129);function xt(s,e){if(!Je(s)||!s.hasOwnProperty("raw"))throw Error("invalid template strings array");return vt!==void 0?vt.createHTML(e):e}var At=(s,e)=>{let t=s.length-1,r=[],i,n=e===2?"<svg>":e===3?"<math>":"",l=oe;for(let c=0;c<t;c++){let d=s[c],h,v,u=-1,g=0;for(;g<d.length&&(l.lastIndex=g,v=l.exec(d),v!==null);)g=l.lastIndex,l===oe?v[1]==="!--"?l=$t:v[1]!==void 0?l=bt:v[2]!==void 0?(Tt.test(v[2])&&(i=RegExp("</"+v[2],"g")),l=B):v[3]!==void 0&&(l=B):l===B?v[0]===">"?(l=i??oe,u=-1):v[1]===void 0?u=-2:(u=l.lastIndex-v[2].length,h=v[1],l=v[3]===void 0?B:v[3]==='"'?wt:yt):l===wt||l===yt?l=B:l===$t||l===bt?l=oe:(l=B,i=void 0);let f=l===B&&s[c+1].startsWith("/>")?" ":"";n+=l===oe?d+hs:u>=0?(r.push(h),d.slice(0,u)+Ge+d.slice(u)+C+f):d+C+(u===-2?c:f)}return[xt(s,n+(s[t]||"<?>")+(e===2?"</svg>":e===3?"</math>":"")),r]},ce=class s{constructor({strings:e,_$litType$:t},r){let i;this.parts=[];let n=0,l=0,c=e.length-1,d=this.parts,[h,v]=At(e,t);if(this.el=s.createElement(h,r),V.currentNode=this.el.content,t===2||t===3){let u=this.el.content.firstChild;u.replaceWith(...u.childNodes)}for(;(i=V.nextNode())!==null&&d.length<c;){if(i.nodeType===1){if(i.hasAttributes())for(let u of i.getAttributeNames())if(u.endsWith(Ge)){let g=v[l++],f=i.getAttribute(u).split(C),$=/([.?@])?(.*)/.exec(g);d.push({type:1,index:n,name:$[2],strings:f,ctor:$[1]==="."?ve:$[1]==="?"?$e:$[1]==="@"?be:W}),i.removeAttribute(u)}else u.startsWith(C)&&(d.push({type:6,index:n}),i.removeAttribute(u));if(Tt.test(i.tagName)){let u=i.textContent.split(C),g=u.length-1;if(g>0){i.textContent=ge?ge.emptyScript:"";for(let f=0;f<g;f++)i.append(u[f],le()),V.nextNode(),d.push({type:2,index:++n});i.append(u[g],le())}}}else if(i.nodeType===8)if(i.data===Qe)d.push({type:2,index:n});else{let u=-1;for(;(u=i.data.indexOf(C,u+1))!==-1;)d.push({type:7,index:n}),u+=C.length-1}n++}}static createElement(e,t){let r=j.createElement("template");return r.innerHTML=e,r}};function K(s,e,t=s,r){if(e===T)return e;let i=r!==void 0?t._$Co?.[r]:t._$Cl,n=de(e)?void 0:e._$litDirective$;return i?.constructor!==n&&(i?._$AO?.(!1),n===void 0?i=void 0:(i=new n(s),i._$AT(s,t,r)),r!==void 0?(t._$Co??=[])[r]=i:t._$Cl=i),i!==void 0&&(e=K(s,i._$AS(s,e.values),i,r)),e}var fe=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:r}=this._$AD,i=(e?.creationScope??j).importNode(t,!0);V.currentNode=i;let n=V.nextNode(),l=0,c=0,d=r[0];for(;d!==void 0;){if(l===d.index){let h;d.type===2?h=new Y(n,n.nextSibling,this,e):d.type===1?h=new d.ctor(n,d.name,d.strings,this,e):d.type===6&&(h=new ye(n,this,e)),this._$AV.push(h),d=r[++c]}l!==d?.index&&(n=V.nextNode(),l++)}return V.currentNode=j,i}p(e){let t=0;for(let r of this._$AV)r!==void 0&&(r.strings!==void 0?(r._$AI(e,r,t),t+=r.strings.length-2):r._$AI(e[t])),t++}},Y=class s{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,r,i){this.type=2,this._$AH=p,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=r,this.options=i,this._$Cv=i?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=K(this,e,t),de(e)?e===p||e==null||e===""?(this._$AH!==p&&this._$AR(),this._$AH=p):e!==this._$AH&&e!==T&&this._(e):e._$litType$!==void 0?this.$(e):e.nodeType!==void 0?this.T(e):kt(e)?this.k(e):this._(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==p&&de(this._$AH)?this._$AA.nextSibling.data=e:this.T(j.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:r}=e,i=typeof r=="number"?this._$AC(e):(r.el===void 0&&(r.el=ce.createElement(xt(r.h,r.h[0]),this.options)),r);if(this._$AH?._$AD===i)this._$AH.p(t);else{let n=new fe(i,this),l=n.u(this.options);n.p(t),this.T(l),this._$AH=n}}_$AC(e){let t=_t.get(e.strings);return t===void 0&&_t.set(e.strings,t=new ce(e)),t}k(e){Je(this._$AH)||(this._$AH=[],this._$AR());let t=this._$AH,r,i=0;for(let n of e)i===t.length?t.push(r=new s(this.O(le()),this.O(le()),this,this.options)):r=t[i],r._$AI(n),i++;i<t.length&&(this._$AR(r&&r._$AB.nextSibling,i),t.length=i)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let r=ft(e).nextSibling;ft(e).remove(),e=r}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},W=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,r,i,n){this.type=1,this._$AH=p,this._$AN=void 0,this.element=e,this.name=t,this._$AM=i,this.options=n,r.length>2||r[0]!==""||r[1]!==""?(this._$AH=Array(r.length-1).fill(new String),this.strings=r):this._$AH=p}_$AI(e,t=this,r,i){let n=this.strings,l=!1;if(n===void 0)e=K(this,e,t,0),l=!de(e)||e!==this._$AH&&e!==T,l&&(this._$AH=e);else{let c=e,d,h;for(e=n[0],d=0;d<n.length-1;d++)h=K(this,c[r+d],t,d),h===T&&(h=this._$AH[d]),l||=!de(h)||h!==this._$AH[d],h===p?e=p:e!==p&&(e+=(h??"")+n[d+1]),this._$AH[d]=h}l&&!i&&this.j(e)}j(e){e===p?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??"")}},ve=class extends W{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===p?void 0:e}},$e=class extends W{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==p)}},be=class extends W{constructor(e,t,r,i,n){super(e,t,r,i,n),this.type=5}_$AI(e,t=this){if((e=K(this,e,t,0)??p)===T)return;let r=this._$AH,i=e===p&&r!==p||e.capture!==r.capture||e.once!==r.once||e.passive!==r.passive,n=e!==p&&(r===p||i);i&&this.element.removeEventListener(this.name,this,r),n&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},ye=class{constructor(e,t,r){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=r}get _$AU(){return this._$AM._$AU}_$AI(e){K(this,e)}},Et={M:Ge,P:C,A:Qe,C:1,L:At,R:fe,D:kt,V:K,I:Y,H:W,N:$e,U:be,B:ve,F:ye},ms=We.litHtmlPolyfillSupport;ms?.(ce,Y),(We.litHtmlVersions??=[]).push("3.3.3");var we=(s,e,t)=>{let r=t?.renderBefore??e,i=r._$litPart$;if(i===void 0){let n=t?.renderBefore??null;r._$litPart$=i=new Y(e.insertBefore(le(),n),n,void 0,t??{})}return i._$AI(s),i};var St="voiceloom.language",I={language:"zh",messages:{},translated_args:{}};function Rt(){return localStorage.getItem(St)==="en"?"en":"zh"}function G(){return I.language}async function Xe(s){let e=await fetch(`/api/v1/messages?lang=${s}`);if(!e.ok)throw new Error(`messages: ${e.status}`);I=await e.json(),localStorage.setItem(St,s),document.documentElement.lang=s==="zh"?"zh-CN":"en",window.dispatchEvent(new Event("textchange"))}function gs(s,e){return s.replace(/\{(\w+)\}/g,(t,r)=>e[r]??"?")}function fs(s){let e={...s};for(let[t,r]of Object.entries(I.translated_args)){let i=s[t];if(i===void 0)continue;let n=i.split(",").map(l=>l.trim());e[t]=n.map(l=>I.messages[`${r}.${l}`]??l).join(", ")}return e}function M(s,e={}){let t=I.messages[s];return t===void 0?s:gs(t,fs(e))}function a(s,e={}){let t=Object.fromEntries(Object.entries(e).map(([r,i])=>[r,String(i)]));return M(`studio.${s}`,t)}function P(s){return s.message_key!==null&&s.message_key in I.messages?M(s.message_key,s.message_args):s.message??""}function _(s,e){return I.messages[`${s}.${e}`]??e}function Ze(){return I.language==="zh"?"zh-CN":"en"}function S(s,e=0){return s.toLocaleString(Ze(),{minimumFractionDigits:e,maximumFractionDigits:e})}function E(s,e=0){return s.toLocaleString(Ze(),{style:"percent",minimumFractionDigits:e,maximumFractionDigits:e})}function x(s){let e=Math.max(0,Math.round(s)),[t,r,i]=[Math.floor(e/3600),Math.floor(e/60)%60,e%60];return t>0?a("time.hours",{h:t,m:r}):r>0?a("time.minutes",{m:r,s:i}):a("time.seconds",{s:i})}function A(s){let e=Math.max(0,Math.floor(s));return`${Math.floor(e/60)}:${String(e%60).padStart(2,"0")}`}function et(s){return s<1e6?`${S(s/1e3)} kB`:`${S(s/1e6,1)} MB`}function Ct(s){return new Date(s).toLocaleString(Ze(),{dateStyle:"medium",timeStyle:"short"})}var _e="/api/v1",b=class extends Error{constructor(t,r,i,n=null,l={},c=[]){super(i);this.status=t;this.code=r;this.detail=i;this.key=n;this.args=l;this.problems=c}status;code;detail;key;args;problems;sentence(){if(this.key===null)return this.detail;let t=M(this.key,this.args);return t===this.key?this.detail:t}};function H(s){return s instanceof b?s.sentence():s instanceof Error?s.message:String(s)}function tt(){return new b(0,"UNREACHABLE","The server does not answer","studio.unreachable")}function st(s,e){try{let t=JSON.parse(e);return new b(s,t.code,t.detail,t.key??null,t.args??{},t.errors??[])}catch{return new b(s,"UNKNOWN",`HTTP ${s}`)}}async function Z(s,e={}){let t;try{t=await fetch(_e+s,e)}catch(r){throw e.signal?.aborted?r:tt()}if(!t.ok)throw st(t.status,await t.text());return t}async function Mt(s){try{let e=await fetch(s,{headers:{Range:"bytes=0-0"}});return e.ok?(await e.body?.cancel(),null):st(e.status,await e.text())}catch{return tt()}}async function R(s,e={}){return await(await Z(s,e)).json()}function vs(s,e,t={}){return{method:s,body:JSON.stringify(e),headers:{"Content-Type":"application/json",...t}}}function Pt(s){let e=Object.entries(s).filter(([,t])=>t!==void 0&&t!=="");return e.length?`?${new URLSearchParams(e.map(([t,r])=>[t,String(r)]))}`:""}var O=s=>`/tasks/${encodeURIComponent(s)}`,ke=()=>R("/packs"),Lt=s=>R(`/files/${encodeURIComponent(s)}`),Te=s=>Z(`/files/${encodeURIComponent(s)}`,{method:"DELETE"}),Nt=s=>`${_e}/files/${encodeURIComponent(s)}/download`,It=(s,e)=>R(`/files/${encodeURIComponent(s)}/report`,e?{signal:e}:{});var Ht=(s,e)=>R("/tasks",vs("POST",s,{"Idempotency-Key":e})),Ot=(s,e,t,r)=>R(`/tasks${Pt({status:s,search:e,limit:t,offset:r})}`),Dt=s=>R(O(s)),Ut=s=>Z(O(s),{method:"DELETE"}),qt=s=>Z(`${O(s)}?purge=true`,{method:"DELETE"}),Ft=s=>R(`${O(s)}/resume`,{method:"POST"}),zt=(s,e)=>R(`${O(s)}/retry${Pt({from_stage:e})}`,{method:"POST"}),Bt=s=>R(`${O(s)}/outputs`);var Vt=s=>R(`${O(s)}/metrics`);var xe=(s,e,t)=>`${_e}${O(s)}/outputs/${e}/${t.split("/").map(encodeURIComponent).join("/")}`;function jt(s,e,t,r,i){return new Promise((n,l)=>{let c=new XMLHttpRequest;c.open("POST",`${_e}/files`),c.setRequestHeader("Idempotency-Key",i),c.upload.onprogress=h=>h.lengthComputable&&t(h.loaded/h.total),c.onerror=()=>l(tt()),c.onabort=()=>l(new DOMException("aborted","AbortError")),c.onload=()=>c.status===200?n(JSON.parse(c.responseText)):l(st(c.status,c.responseText)),r.addEventListener("abort",()=>c.abort());let d=new FormData;e&&d.append("transcript",e),d.append("file",s,s.name),c.send(d)})}var rt=["progress","result"];function Kt(s){let[e="",t=""]=s.replace(/^#/,"").split("?"),r=e.split("/").filter(Boolean).map(decodeURIComponent);if(r.length===0)return{name:"train"};if(r[0]!=="tasks"||r.length>3)return{name:"missing"};if(r[1]===void 0)return{name:"tasks",search:new URLSearchParams(t)};let i=r[2]??"progress";return rt.includes(i)?{name:"task",id:r[1],tab:i}:{name:"missing"}}function D(s,e="progress"){return e==="progress"?`#/tasks/${encodeURIComponent(s)}`:`#/tasks/${encodeURIComponent(s)}/${e}`}function U(s){location.hash=s}var it="voiceloom.theme",$s={auto:"light",light:"dark",dark:"auto"};function Ae(){let s=localStorage.getItem(it);return s==="light"||s==="dark"?s:"auto"}function at(s=Ae()){s==="auto"?(localStorage.removeItem(it),delete document.documentElement.dataset.theme):(localStorage.setItem(it,s),document.documentElement.dataset.theme=s),window.dispatchEvent(new Event("themechange"))}function Wt(){window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>window.dispatchEvent(new Event("themechange")))}function Gt(){at($s[Ae()])}function q(s){return getComputedStyle(document.documentElement).getPropertyValue(s).trim()}var m=()=>{};function Qt(s){m=s}function y(s){return s?o`<p class="notice bad" role="alert">${H(s)}</p>`:p}function te(){return o`<p class="muted" role="status"><span class="spinner" aria-hidden="true"></span> ${a("loading")}</p>`}function se(s){return window.confirm(s)}var nt=null;function w(s){nt??=document.getElementById("announcer"),nt!==null&&(nt.textContent=s)}var Ee=class{title(){return a("missing.title")}render(){return o`<h1>${a("missing.title")}</h1>
      <p><a href="#/">${a("missing.back")}</a></p>`}};var Jt=500,bs=1e4,ys=4e4,ws=2e4;function Yt(s,e,t,r){let i=!1,n=Date.now(),l=new AbortController,c=()=>{};async function d(){let u=Jt;for(;!i;){l=new AbortController;try{let g={Accept:"text/event-stream","Last-Event-ID":String(e)},f=`/tasks/${encodeURIComponent(s)}/progress`,$=await Z(f,{headers:g,signal:l.signal});if($.status===204||(r("open"),u=Jt,await h($)))return r("ended")}catch(g){if(g instanceof b&&g.status===404)return r("gone")}if(i)return;r("lost"),await new Promise(g=>{let f=setTimeout(g,u);c=()=>{clearTimeout(f),g()}}),u=Math.min(u*2,bs)}}async function h(u){if(u.body===null)return!1;let g=u.body.pipeThrough(new TextDecoderStream).getReader(),f=l,$="",k=!1;for(;;){let ne=setTimeout(()=>f.abort(),ys),{value:me,done:ps}=await g.read().finally(()=>clearTimeout(ne));if(n=Date.now(),ps)return k;$+=me;let gt=$.split(`

`);$=gt.pop()??"";for(let us of gt){let J=_s(us);J===null||J.id<=e||(e=J.id,k=J.name!=="progress"&&J.name!=="log",t(J))}}}let v=()=>{document.visibilityState==="visible"&&(c(),Date.now()-n>ws&&l.abort())};return document.addEventListener("visibilitychange",v),window.addEventListener("online",v),d(),{stop(){i=!0,l.abort(),c(),document.removeEventListener("visibilitychange",v),window.removeEventListener("online",v)}}}function _s(s){let e="message",t="",r="";for(let i of s.split(`
`)){let n=i.indexOf(":"),l=n<0?i:i.slice(0,n),c=n<0?"":i.slice(n+1).replace(/^ /,"");l==="event"?e=c:l==="id"?t=c:l==="data"&&(r+=c)}return t===""?null:{name:e,id:Number(t),data:JSON.parse(r)}}var Xt=["fast","standard","high"],Zt=["audio_slice","asr","text_feature","hubert_feature","semantic_token","sovits_train","gpt_train","inference"],ot=["queued","running","interrupted","completed","failed","cancelled"];var F=class extends HTMLElement{scheduled=!1;redraw=()=>this.changed();connectedCallback(){window.addEventListener("textchange",this.redraw),this.changed()}disconnectedCallback(){window.removeEventListener("textchange",this.redraw)}changed(){this.scheduled||(this.scheduled=!0,queueMicrotask(()=>{this.scheduled=!1,this.isConnected&&(we(this.template(),this),this.drawn())}))}drawn(){}};var lt=["mel","kl","ce","accuracy","gen","fm","disc","stft","guide","commit","total"],ks=new Set(["total","disc","commit"]),dt="accuracy",Se=4,es=220,Ts=5;function xs(s){let e=new Set(s.flatMap(r=>Object.keys(r.losses))),t=r=>lt.includes(r)?lt.indexOf(r):lt.length;return[...e].sort((r,i)=>t(r)-t(i)||(r<i?-1:1))}var ct=class extends F{data=null;names=[];switched=new Map;chart=null;made="";given=null;broken=!1;resized=new ResizeObserver(()=>this.fit());onTheme=()=>this.chart?.redraw(!1);onText=()=>this.chart?.redraw(!1);set curve(e){e!==this.data&&(this.data=e,this.names=xs(e.points),this.changed())}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme),window.addEventListener("textchange",this.onText),this.resized.observe(this)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),window.removeEventListener("textchange",this.onText),this.resized.disconnect(),this.chart?.destroy(),this.chart=null,this.made=""}shows(e){return this.switched.get(e)??!ks.has(e)}toggle(e){this.switched.set(e,!this.shows(e)),this.chart?.setSeries(this.names.indexOf(e)+1,{show:this.shows(e)}),this.changed()}fit(){let e=this.querySelector(".chart")?.clientWidth??0;e>0&&e!==this.chart?.width&&this.chart?.setSize({width:e,height:es})}drawn(){if(this.data===null||this.names.length===0)return;let e=this.names.join();if(this.made===e){this.chart!==null&&this.given!==this.data&&(this.given=this.data,this.chart.setData(this.rows(this.data)));return}this.made=e,this.paint(e).catch(()=>{this.broken=!0,this.changed()})}rows(e){let t=this.names.map(r=>e.points.map(i=>i.losses[r]??null));return[e.points.map(r=>r.step),...t]}async paint(e){let{default:t}=await import("./uPlot.esm-ULJJVTMH.js"),r=this.querySelector(".chart");if(r===null||this.data===null||!this.isConnected||this.made!==e)return;this.chart?.destroy();let i={stroke:()=>q("--muted"),grid:{stroke:()=>q("--line"),width:1}},n=this.names.includes(dt),l={width:Math.max(1,r.clientWidth),height:es,legend:{show:!1},cursor:{y:!1,drag:{x:!1,y:!1}},scales:{x:{time:!1},share:{range:[0,1]}},axes:[{...i,values:(c,d)=>d.map(h=>Number.isInteger(h)?S(h):"")},{...i,size:56,values:(c,d)=>d.map(h=>String(Number(h.toPrecision(4))))},...n?[{...i,scale:"share",side:1,grid:{show:!1},values:(c,d)=>d.map(h=>E(h))}]:[]],series:[{},...this.names.map((c,d)=>({label:c,scale:c===dt?"share":"y",show:this.shows(c),stroke:()=>q(`--curve-${d%Se+1}`),width:2,points:{show:this.data?.points.length===1},spanGaps:!0,...d>=Se?{dash:[6,4]}:{}}))],hooks:{setCursor:[()=>this.changed()]}};this.given=this.data,this.chart=new t(l,this.rows(this.data),r),this.changed()}get read(){return this.data?.points[this.chart?.cursor.idx??-1]??this.data?.points.at(-1)}value(e,t){let r=e?.losses[t];return r===void 0?"\u2013":t===dt?E(r,1):S(r,3)}template(){let e=this.data;if(e===null||this.names.length===0)return o``;let[t,r]=[e.points[0],e.points.at(-1)],i=this.names.map(n=>a("curves.from_to",{name:_("studio.loss",n),from:this.value(t,n),to:this.value(r,n)}));return o`
      <div class="row small legend">
        ${this.names.map((n,l)=>o`
            <button
              type="button"
              class="plain small"
              aria-pressed=${this.shows(n)}
              data-test="curve-${n}"
              @click=${()=>this.toggle(n)}
            >
              <span class="swatch swatch-${l%Se+1} ${l>=Se?"dashed":""}" aria-hidden="true"></span>
              ${_("studio.loss",n)} <span class="number">${this.value(this.read,n)}</span>
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
    `}table(e){let t=e.points.slice(-Ts).reverse();return o`
      <details ?open=${this.broken}>
        <summary class="small">${a("curves.table")}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${a("curves.table")}>
          <table class="small number" data-test="curve-table">
            <thead>
              <tr>
                <th scope="col">${a("curves.steps")}</th>
                <th scope="col">${a("curves.epoch")}</th>
                ${this.names.map(r=>o`<th scope="col">${_("studio.loss",r)}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${t.map(r=>o`<tr>
                  <th scope="row">${r.step}</th>
                  <td>${r.epoch}</td>
                  ${this.names.map(i=>o`<td>${this.value(r,i)}</td>`)}
                </tr>`)}
            </tbody>
          </table>
        </div>
      </details>
    `}};customElements.define("vl-curves",ct);var ts=2e3,As=["sovits_train","gpt_train"],Re=class{constructor(e){this.id=e}id;curves=[];running=!1;known="";asking=!1;shown=0;missing=!1;timer=window.setInterval(()=>this.tick(),ts);stop(){clearInterval(this.timer)}tick(){let e=document.visibilityState==="visible"&&Date.now()-this.shown<2*ts;this.running&&e&&this.load()}async load(){if(!(this.asking||this.missing)){this.asking=!0;try{this.curves=(await Vt(this.id)).curves}catch(e){e instanceof b&&e.status===404?this.missing=!0:this.known=""}this.asking=!1,m()}}look(e){let t=e.stages.filter(i=>As.includes(i.name));this.running=t.some(i=>i.status==="running"),this.shown=Date.now();let r=t.map(i=>i.status).join();r===this.known||this.asking||(this.known=r,t.some(i=>i.status!=="pending")?this.load():this.curves=[])}render(e){this.look(e);let t=this.curves.filter(r=>r.points.length>0);return t.length===0?p:o`
      <section class="card" data-test="curves">
        <h2>${a("curves.title")}</h2>
        <p class="muted small">${a("curves.hint")}</p>
        ${t.map(r=>o`
            <h3>${a(`stage.${r.stage}`)}</h3>
            <vl-curves data-stage=${r.stage} .curve=${r}></vl-curves>
          `)}
      </section>
    `}};var Es=500,Ss={pending:"\u25CB",running:"\u25D4",completed:"\u2713",failed:"\u2715",cancelled:"\u2013",skipped:"\u2013"},Ce=class{lines=[];ends=new Map;curves;constructor(e){this.curves=new Re(e)}stop(){this.curves.stop()}onEvent(e){if(e.name==="log")this.lines.push(e),this.lines.length>Es&&this.lines.shift();else if(e.name==="progress"&&e.data.stage){let t=e.data.eta_seconds;typeof t=="number"?this.ends.set(e.data.stage,Date.now()+t*1e3):this.ends.delete(e.data.stage)}}render(e){return o`
      <section class="card">
        <label class="small">
          ${a("progress.whole",{share:E(e.progress)})}
          ${e.queue_position?o` · ${a("tasks.position",{position:e.queue_position})}`:p}
          <progress max="1" .value=${e.progress} data-test="bar"></progress>
        </label>
        <ol class="stages">
          ${e.stages.map(t=>this.stage(t))}
        </ol>
      </section>
      ${this.curves.render(e)}
      <details class="card" data-test="logs">
        <summary>${a("progress.logs",{count:this.lines.length})}</summary>
        ${this.lines.length===0?o`<p class="muted">${a("progress.no_logs")}</p>`:p}
        <ul class="lines small">
          ${this.lines.map(t=>o`<li class=${t.data.level??"info"} data-test="log-line" data-id=${t.id}>
              ${t.data.stage?`${a(`stage.${t.data.stage}`)}: `:""}${P(t.data)}
            </li>`)}
        </ul>
      </details>
    `}stage(e){let t=e.status==="running",r=this.ends.get(e.name);return o`
      <li class=${e.status} data-test="stage-${e.name}" data-status=${e.status}>
        <span class="icon" aria-hidden="true">${Ss[e.status]}</span>
        <span class="what">
          <strong>${a(`stage.${e.name}`)}</strong>
          <span class="muted small">${a(`stage_status.${e.status}`)}</span>
          ${e.message_key&&e.status!=="pending"?o`<span class="small">${P(e)}</span>`:p}
        </span>
        <span class="muted small number">
          ${e.seconds!==null&&!t?x(e.seconds):p}
          ${t&&r!==void 0?o`<span data-test="eta">${a("progress.left",{time:x((r-Date.now())/1e3)})}</span>`:p}
        </span>
        ${t?o`<progress max="1" .value=${e.progress} aria-label=${a(`stage.${e.name}`)}></progress>`:p}
      </li>
    `}};var L={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},Me=s=>(...e)=>({_$litDirective$:s,values:e}),re=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,r){this._$Ct=e,this._$AM=t,this._$Ci=r}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}};var{I:Rs}=Et,ss=s=>s;var is=s=>s.strings===void 0,rs=()=>document.createComment(""),ie=(s,e,t)=>{let r=s._$AA.parentNode,i=e===void 0?s._$AB:e._$AA;if(t===void 0){let n=r.insertBefore(rs(),i),l=r.insertBefore(rs(),i);t=new Rs(n,l,s,s.options)}else{let n=t._$AB.nextSibling,l=t._$AM,c=l!==s;if(c){let d;t._$AQ?.(s),t._$AM=s,t._$AP!==void 0&&(d=s._$AU)!==l._$AU&&t._$AP(d)}if(n!==i||c){let d=t._$AA;for(;d!==n;){let h=ss(d).nextSibling;ss(r).insertBefore(d,i),d=h}}}return t},z=(s,e,t=s)=>(s._$AI(e,t),s),Cs={},Pe=(s,e=Cs)=>s._$AH=e,as=s=>s._$AH,Le=s=>{s._$AR(),s._$AA.remove()};var Q=Me(class extends re{constructor(s){if(super(s),s.type!==L.PROPERTY&&s.type!==L.ATTRIBUTE&&s.type!==L.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!is(s))throw Error("`live` bindings can only contain a single expression")}render(s){return s}update(s,[e]){if(e===T||e===p)return e;let t=s.element,r=s.name;if(s.type===L.PROPERTY){if(e===t[r])return T}else if(s.type===L.BOOLEAN_ATTRIBUTE){if(!!e===t.hasAttribute(r))return T}else if(s.type===L.ATTRIBUTE&&t.getAttribute(r)===e+"")return T;return Pe(s),e}});function pe(s){return o`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${s}</svg>`}var Ne=pe(X`<path d="M7 4.5v15l13-7.5z" fill="currentColor"></path>`),Ie=pe(X`<path d="M6 4.5h4v15H6zm8 0h4v15h-4z" fill="currentColor"></path>`),Lr=pe(X`<path d="M6 6h12v12H6z" fill="currentColor"></path>`),Nr=pe(X`<path d="M12 14.5a3.5 3.5 0 0 0 3.5-3.5V6a3.5 3.5 0 0 0-7 0v5a3.5 3.5 0 0 0 3.5 3.5zm-7-4h1.8v.5a5.2 5.2 0 0 0 10.4 0v-.5H19v.5a7 7 0 0 1-6.1 6.9V22h-1.8v-4.1A7 7 0 0 1 5 11z" fill="currentColor"></path>`),Ir=pe(X`<path d="M12 3.5l5.5 5.5-1.4 1.4-3.1-3.1V16h-2V7.3l-3.1 3.1L6.5 9zM5 18.5h14v2H5z" fill="currentColor"></path>`);var pt=null;function He(s){s.addEventListener("play",()=>{pt!==s&&pt?.pause(),pt=s})}function Oe(s){s.pause(),s.removeAttribute("src"),s.load()}async function De(s,e){let t=e.startsWith("blob:")?null:await Mt(e);if(t!==null)return t;let i=s.error?.code===MediaError.MEDIA_ERR_NETWORK?"studio.player.broken_off":"studio.player.unplayable";return new b(0,"UNPLAYABLE",s.error?.message??"",i)}function Ue(s){return s>60?5:1}var ut=class extends F{media=new Audio;source="";known=0;name="";buttonTest="play";waiting=!1;error=null;frame=0;constructor(){super(),He(this.media);for(let e of["loadedmetadata","durationchange","seeked","timeupdate"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused)),this.media.addEventListener("playing",()=>this.wait(!1)),this.media.addEventListener("pause",()=>this.wait(!1)),this.media.addEventListener("error",()=>{this.fail()});for(let e of["play","pause","ended"])this.media.addEventListener(e,()=>{this.follow(),this.dispatchEvent(new Event(e))})}set src(e){e!==this.source&&(this.source=e,this.load())}set seconds(e){this.known=e,this.media.preload=e>0?"none":"metadata",this.changed()}set label(e){this.name=e,this.changed()}set test(e){this.buttonTest=e,this.changed()}connectedCallback(){super.connectedCallback(),this.source&&!this.media.getAttribute("src")&&this.load()}disconnectedCallback(){super.disconnectedCallback(),cancelAnimationFrame(this.frame),Oe(this.media)}play(){this.error&&this.load(),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.media.play().catch(()=>this.wait(!1))}pause(){this.media.pause()}load(){this.error=null,this.waiting=!1,!(!this.isConnected||!this.source)&&(this.media.preload=this.known>0?"none":"metadata",this.media.src=this.source,this.changed())}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=this.source,t=await De(this.media,e);e!==this.source||!this.isConnected||(this.error=t,this.media.pause(),this.wait(!1))}follow(){cancelAnimationFrame(this.frame),this.changed(),!this.media.paused&&this.isConnected&&(this.frame=requestAnimationFrame(()=>this.follow()))}get length(){return Number.isFinite(this.media.duration)?this.media.duration:this.known}seek(e){this.media.currentTime=Math.min(Math.max(0,e),this.length),this.changed()}onKey(e){let t=Ue(this.length);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.media.currentTime-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.media.currentTime+t);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,r]=[A(this.media.currentTime),this.length>0?A(Math.round(this.length)):"\u2013:\u2013\u2013"],i=this.name?`${a(e?"player.pause":"player.play")}: ${this.name}`:p;return o`
      <button
        class="round"
        type="button"
        aria-label=${i===p?a(e?"player.pause":"player.play"):i}
        aria-busy=${this.waiting}
        data-test=${this.buttonTest}
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?o`<span class="spinner" aria-hidden="true"></span>`:e?Ie:Ne}
      </button>
      <input
        type="range"
        min="0"
        max=${this.length||1}
        step="any"
        .value=${Q(String(this.media.currentTime))}
        aria-label=${this.name?`${a("player.position")}: ${this.name}`:a("player.position")}
        aria-valuetext=${a("player.at",{at:t,whole:r})}
        ?disabled=${this.length<=0}
        data-test="seek"
        @input=${n=>this.seek(n.target.valueAsNumber)}
        @keydown=${n=>this.onKey(n)}
      />
      <span class="number small muted" aria-hidden="true">${t} / ${r}</span>
      ${y(this.error)}
    `}};customElements.define("vl-player",ut);var qe=class{constructor(e){this.id=e}id;made=null;error=null;refused=null;async load(){try{this.made=await Bt(this.id),this.error=null}catch(e){this.error=e}m()}async deleteAll(e){if(se(a("result.delete_sure",{name:e.exp_name})))try{await qt(this.id);for(let t of e.audio_file_ids)await Te(t).catch(r=>{if(!(r instanceof b)||![404,409].includes(r.status))throw r});w(a("result.deleted")),U("#/tasks")}catch(t){this.refused=t,m()}}render(e){let t=this.made;if(t===null)return this.error?o`${y(this.error)}`:te();let r=[...t.outputs].sort((i,n)=>Number(n.best)-Number(i.best));return o`
      ${r.length===0?o`<p class="notice">${a("result.none")}</p>`:p}
      ${t.target_text&&r.length?o`<p>${a("result.said")} <q>${t.target_text}</q></p>`:p}
      ${r.map(i=>this.candidate(i))} ${this.reference(t)} ${this.models(t.models)}
      <section class="card">
        <h2>${a("result.delete_title")}</h2>
        <p class="muted">${a("result.delete_what")}</p>
        ${y(this.refused)}
        <button class="danger" data-test="delete" @click=${()=>this.deleteAll(e)}>${a("result.delete")}</button>
      </section>
    `}candidate(e){let t=xe(this.id,"output",e.filename);return o`
      <section class="card candidate" data-test="candidate" data-best=${e.best}>
        <div class="row spread">
          <h2>${e.best?a("result.best"):a("result.candidate")}</h2>
          ${e.best?o`<span class="badge good">${a("result.best_badge")}</span>`:p}
        </div>
        <vl-player .src=${t} .seconds=${e.seconds} .label=${e.filename}></vl-player>
        <dl class="facts">
          <div>
            <dt class="muted small">${a("result.wer")}</dt>
            <dd class="number">${E(e.word_error_rate)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.similarity")}</dt>
            <dd class="number">${S(e.speaker_similarity,2)}</dd>
          </div>
          <div>
            <dt class="muted small">${a("result.length")}</dt>
            <dd class="number">${x(e.seconds)}</dd>
          </div>
        </dl>
        <p class="small muted">${a("result.heard")} <q>${e.heard_text}</q></p>
        <p class="small muted">${e.sovits_model} · ${e.gpt_model}</p>
        <a class="button" href=${t} download=${e.filename} data-test="download-output"
          >${a("result.download_audio",{size:et(e.size_bytes)})}</a
        >
      </section>
    `}reference(e){return e.ref_audio_path?o`
      <section class="card" data-test="reference">
        <h2>${a("result.reference")}</h2>
        <p class="muted">${e.ref_text}</p>
        <vl-player
          .src=${xe(this.id,"ref_audio",e.ref_audio_path)}
          .label=${a("result.reference")}
        ></vl-player>
      </section>
    `:p}models(e){if(e.length===0)return p;let t=e.filter(i=>i.best),r=e.filter(i=>!i.best);return o`
      <section class="card">
        <h2>${a("result.weights")}</h2>
        <p class="muted">${a("result.weights_hint")}</p>
        <div class="row">${t.map(i=>this.model(i))}</div>
        ${r.length?o`<details ?open=${t.length===0}>
              <summary>${a("result.others")}</summary>
              <div class="row">${r.map(i=>this.model(i))}</div>
            </details>`:p}
      </section>
    `}model(e){let t=xe(this.id,`${e.kind}_model`,e.filename);return o`<a class="button" href=${t} download=${e.filename} data-test="download-${e.kind}"
      >${e.filename} (${et(e.size_bytes)})</a
    >`}};var Ms=500,ns=["completed","failed","cancelled"],ue=class{constructor(e,t){this.id=e;this.tab=t;this.progress=new Ce(e),this.result=new qe(e),this.refresh(),this.listen()}id;tab;task=null;error=null;refused=null;connection="open";stream=null;last=0;refreshing=0;gone=!1;clock=window.setInterval(()=>this.task?.status==="running"&&m(),1e3);from="";progress;result;show(e){this.tab=e,e==="result"&&this.result.load()}title(){return this.task?`${this.task.exp_name} \xB7 ${a(`task.tab.${this.tab}`)}`:a("task.title")}leave(){this.gone=!0,this.stream?.stop(),this.progress.stop(),clearTimeout(this.refreshing),clearInterval(this.clock)}listen(){this.stream?.stop(),this.stream=Yt(this.id,this.last,e=>this.onEvent(e),e=>{this.connection=e,(e==="open"||e==="ended")&&this.soon(),m()})}onEvent(e){this.last=e.id,this.progress.onEvent(e),this.soon(),m()}soon(){this.refreshing||this.gone||(this.refreshing=window.setTimeout(()=>{this.refreshing=0,this.refresh()},Ms))}async refresh(){try{let e=await Dt(this.id);if(this.gone)return;let t=this.task!==null&&this.task.status!==e.status&&ns.includes(e.status);this.task=e,this.error=null,t&&w(`${e.exp_name}: ${a(`status.${e.status}`)}`),t&&e.status==="completed"&&this.tab==="progress"&&U(D(this.id,"result")),this.tab==="result"&&this.result.load()}catch(e){if(this.gone)return;(this.task===null||e instanceof b&&e.status===404)&&(this.error=e),(!(e instanceof b)||e.status!==404)&&this.soon()}m()}async act(e){this.refused=null;try{await e(),await this.refresh(),this.connection==="ended"&&this.listen()}catch(t){this.refused=t,w(H(t)),m()}}render(){let e=this.task;return this.error?o`${y(this.error)}
        <p><a href="#/tasks">${a("task.back")}</a></p>`:e===null?te():o`
      <div class="task">
        <div class="row spread">
          <h1>${e.exp_name}</h1>
          <span class="badge ${e.status}" data-test="status" data-status=${e.status}
            >${a(`status.${e.status}`)}</span
          >
        </div>
        ${this.connection==="lost"?o`<p class="notice warn" role="status" data-test="connection">${a("task.lost")}</p>`:p}
        ${e.error?o`<div class="notice bad" role="alert" data-test="failure">
              <p>${M(e.error.key,e.error.args)}</p>
              ${e.error.code.startsWith("AUDIO_")?o`<a href="#/">${a("task.other_recording")}</a>`:p}
            </div>`:o`<p class="muted">${P(e)}</p>`}
        ${this.actions(e)} ${y(this.refused)}
        <nav class="tabs" aria-label=${a("task.tabs")}>
          ${rt.map(t=>o`
              <a
                href=${D(this.id,t)}
                data-test="tab-${t}"
                aria-current=${this.tab===t?"page":p}
                >${a(`task.tab.${t}`)}</a
              >
            `)}
        </nav>
        ${this.tab==="progress"?this.progress.render(e):this.result.render(e)}
      </div>
    `}actions(e){let t=ns.includes(e.status),r=["interrupted","failed","cancelled"].includes(e.status);return o`
      <div class="row actions">
        ${t?p:o`<button
              class="danger"
              data-test="cancel"
              @click=${()=>se(a("task.cancel_sure"))&&this.act(()=>Ut(this.id))}
            >
              ${a("task.cancel")}
            </button>`}
        ${r?o`<button class="primary" data-test="resume" @click=${()=>this.act(()=>Ft(this.id))}>
              ${a("task.resume")}
            </button>`:p}
        ${t?o`
              <label>
                <span class="hidden">${a("task.retry_from")}</span>
                <select
                  data-test="retry-stage"
                  @change=${i=>{this.from=i.target.value}}
                >
                  <option value="">${a("task.retry_from")}</option>
                  ${Zt.map(i=>o`<option value=${i}>${a(`stage.${i}`)}</option>`)}
                </select>
              </label>
              <button data-test="retry" @click=${()=>this.act(()=>zt(this.id,this.from||void 0))}>
                ${a("task.retry")}
              </button>
            `:p}
      </div>
    `}};var os=(s,e,t)=>{let r=new Map;for(let i=e;i<=t;i++)r.set(s[i],i);return r},Fe=Me(class extends re{constructor(s){if(super(s),s.type!==L.CHILD)throw Error("repeat() can only be used in text expressions")}dt(s,e,t){let r;t===void 0?t=e:e!==void 0&&(r=e);let i=[],n=[],l=0;for(let c of s)i[l]=r?r(c,l):l,n[l]=t(c,l),l++;return{values:n,keys:i}}render(s,e,t){return this.dt(s,e,t).values}update(s,[e,t,r]){let i=as(s),{values:n,keys:l}=this.dt(e,t,r);if(!Array.isArray(i))return this.ut=l,n;let c=this.ut??=[],d=[],h,v,u=0,g=i.length-1,f=0,$=n.length-1;for(;u<=g&&f<=$;)if(i[u]===null)u++;else if(i[g]===null)g--;else if(c[u]===l[f])d[f]=z(i[u],n[f]),u++,f++;else if(c[g]===l[$])d[$]=z(i[g],n[$]),g--,$--;else if(c[u]===l[$])d[$]=z(i[u],n[$]),ie(s,d[$+1],i[u]),u++,$--;else if(c[g]===l[f])d[f]=z(i[g],n[f]),ie(s,i[u],i[g]),g--,f++;else if(h===void 0&&(h=os(l,f,$),v=os(c,u,g)),h.has(c[u]))if(h.has(c[g])){let k=v.get(l[f]),ne=k!==void 0?i[k]:null;if(ne===null){let me=ie(s,i[u]);z(me,n[f]),d[f]=me}else d[f]=z(ne,n[f]),ie(s,i[u],ne),i[k]=null;f++}else Le(i[g]),g--;else Le(i[u]),u++;for(;f<=$;){let k=ie(s,d[$+1]);z(k,n[f]),d[f++]=k}for(;u<=g;){let k=i[u++];k!==null&&Le(k)}return this.ut=l,Pe(s,d),T}});var ze=20,Ps=3e3,Ls=300,Be=class{page=null;error=null;status;search;offset;typing=0;timer;asked=0;constructor(e){let t=e.get("status");this.status=ot.includes(t)?t:"",this.search=e.get("search")??"",this.offset=Math.max(0,Math.floor(Number(e.get("offset")))||0),this.load(),this.timer=window.setInterval(()=>document.visibilityState==="visible"&&void this.load(),Ps)}title(){return a("tasks.title")}leave(){clearInterval(this.timer),clearTimeout(this.typing),this.asked=-1}async load(){if(this.asked<0)return;let e=++this.asked;try{let t=await Ot(this.status,this.search,ze,this.offset);if(e!==this.asked)return;this.page=t,this.error=null}catch(t){if(e!==this.asked)return;this.error=t}m()}choose(e){let t={status:this.status,search:this.search,offset:0,...e},r=Object.entries(t).filter(([,n])=>n!==""&&n!==0),i=new URLSearchParams(r.map(([n,l])=>[n,String(l)])).toString();history.replaceState(null,"",`#/tasks${i?`?${i}`:""}`),this.status=t.status,this.search=t.search,this.offset=t.offset,this.load()}onSearch(e){let t=e.target.value.trim();clearTimeout(this.typing),this.typing=window.setTimeout(()=>this.choose({search:t}),Ls)}render(){return o`
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
              ${ot.map(e=>o`<option value=${e} ?selected=${this.status===e}>${a(`status.${e}`)}</option>`)}
            </select>
          </label>
        </div>
        ${y(this.error)} ${this.page===null?this.error?p:te():this.list(this.page)}
      </section>
    `}list(e){if(e.items.length===0){let t=this.status===""&&this.search==="";return o`<div class="card empty">
        <p>${a(t?"tasks.none":"tasks.none_found")}</p>
        ${t?o`<button class="primary" @click=${()=>U("#/")}>${a("tasks.first")}</button>`:p}
      </div>`}return o`
      <ul class="list">
        ${Fe(e.items,t=>t.id,t=>this.item(t))}
      </ul>
      ${this.pages(e)}
    `}item(e){let t=e.status==="completed"?D(e.id,"result"):D(e.id),r=e.status==="running"||e.status==="interrupted",i=e.started_at&&e.completed_at?x((Date.parse(e.completed_at)-Date.parse(e.started_at))/1e3):"";return o`
      <li class="card item" data-test="task">
        <a href=${t}>${e.exp_name}</a>
        <span class="badge ${e.status}">${a(`status.${e.status}`)}</span>
        <span class="facts muted small">
          ${Ct(e.created_at)} · ${a(`quality.${e.quality}`)}
          ${e.detected_language?o` · ${_("language",e.detected_language)}`:p}
          ${i?o` · ${a("tasks.took",{time:i})}`:p}
          ${e.queue_position?o` · ${a("tasks.position",{position:e.queue_position})}`:p}
          ${e.status==="failed"?o`<br />${P(e)}`:p}
        </span>
        ${r?o`<progress max="1" .value=${e.progress} aria-label=${a("tasks.progress")}></progress>`:p}
      </li>
    `}pages(e){if(e.total<=ze&&this.offset===0)return p;let t=Math.min(e.total,this.offset+e.items.length);return o`
      <nav class="row spread" aria-label=${a("tasks.pages")}>
        <button
          ?disabled=${this.offset===0}
          @click=${()=>this.choose({offset:Math.max(0,this.offset-ze)})}
          data-test="newer"
        >
          ${a("tasks.newer")}
        </button>
        <span class="muted number">${a("tasks.range",{first:this.offset+1,last:t,total:e.total})}</span>
        <button
          ?disabled=${t>=e.total}
          @click=${()=>this.choose({offset:this.offset+ze})}
          data-test="older"
        >
          ${a("tasks.older")}
        </button>
      </nav>
    `}};var Ns=["audio/webm;codecs=opus","audio/mp4","audio/ogg;codecs=opus"],Ve=class{constructor(e){this.done=e}done;recorder=null;chunks=[];began=0;level=0;timer=0;wanted=!0;sound=null;trouble="";close(){this.stop(!1)}async start(){this.trouble="";let e;try{e=await navigator.mediaDevices.getUserMedia({audio:{echoCancellation:!1,noiseSuppression:!1,autoGainControl:!1}})}catch(i){let n=i instanceof DOMException&&i.name==="NotAllowedError";this.trouble=n?"record.refused":"record.no_microphone",w(a(this.trouble)),m();return}let t=Ns.find(i=>MediaRecorder.isTypeSupported(i))??"",r=new MediaRecorder(e,{...t?{mimeType:t}:{},audioBitsPerSecond:128e3});this.chunks=[],this.wanted=!0,r.ondataavailable=i=>this.chunks.push(i.data),r.onstop=()=>this.finish(e,r.mimeType),r.start(1e3),this.recorder=r,this.began=Date.now(),this.meter(e),w(a("record.running")),m()}meter(e){let t=new AudioContext,r=t.createAnalyser();t.createMediaStreamSource(e).connect(r);let i=new Float32Array(r.fftSize);this.sound=t,this.timer=window.setInterval(()=>{r.getFloatTimeDomainData(i),this.level=i.reduce((n,l)=>Math.max(n,Math.abs(l)),0),m()},100)}stop(e){this.wanted=e,this.recorder?.state==="recording"&&this.recorder.stop()}finish(e,t){clearInterval(this.timer);for(let r of e.getTracks())r.stop();if(this.sound?.close(),this.recorder=null,this.wanted){let r=t.split(";")[0]||"audio/webm",i={"audio/mp4":"m4a","audio/ogg":"ogg"}[r]??"webm",n=new Date(this.began).toISOString().slice(0,19).replace(/[-:T]/g,"");this.done(new File(this.chunks,`${a("record.file")}-${n}.${i}`,{type:r}))}this.chunks=[],m()}button(){return this.recorder!==null||!navigator.mediaDevices?p:o`<button type="button" data-test="record" @click=${()=>this.start()}>${a("record.start")}</button>`}panel(){return this.trouble?o`<p class="notice bad" role="alert">${a(this.trouble)}</p>`:this.recorder===null?p:o`
      <div class="notice stack">
        <p class="muted">${a("record.read")}</p>
        <p class="lead">${a("record.text")}</p>
        <div class="row">
          <strong class="number">${A((Date.now()-this.began)/1e3)}</strong>
          <meter class="grow" min="0" max="1" high="0.98" .value=${this.level} aria-label=${a("record.level")}></meter>
          <button type="button" class="primary" data-test="stop-record" @click=${()=>this.stop(!0)}>
            ${a("record.stop")}
          </button>
          <button type="button" @click=${()=>this.stop(!1)}>${a("record.discard")}</button>
        </div>
      </div>
    `}};var Is=88,ht=class extends F{media=new Audio;picture=null;shown=null;recolor=()=>{};levels=[];whole=0;source="";parts=[];name="";at=0;waiting=!1;error=null;onTheme=()=>this.recolor();constructor(){super(),this.media.preload="none",He(this.media);for(let e of["play","pause","seeked"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused));for(let e of["playing","pause"])this.media.addEventListener(e,()=>this.wait(!1));this.media.addEventListener("error",()=>{this.fail()})}set peaks(e){this.levels=e,this.changed()}set seconds(e){this.whole=e,this.changed()}set src(e){this.source=e,this.changed()}set regions(e){this.parts=e,this.changed()}set label(e){this.name=e,this.changed()}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),this.forget(),Oe(this.media)}play(e,t){this.error&&(this.error=null,this.media.load()),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.picture?.play(e,t).catch(()=>this.wait(!1))}pause(){this.media.pause()}forget(){this.picture?.destroy(),this.picture=null,this.shown=null,this.recolor=()=>{}}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=await De(this.media,this.source);this.isConnected&&(this.error=e,this.media.pause(),this.wait(!1))}drawn(){if(this.levels.length===0||this.whole<=0||this.shown?.peaks===this.levels&&this.shown.regions===this.parts)return;let e={peaks:this.levels,regions:this.parts};this.shown=e,this.paint(e).catch(t=>{this.error=t,this.changed()})}async paint(e){let[{default:t},{default:r}]=await Promise.all([import("./wavesurfer.esm-O7JBKOG2.js"),import("./regions.esm-EO3R2OYS.js")]);if(!this.isConnected||this.shown!==e)return;this.picture?.destroy();let i=r.create(),n=t.create({container:this.querySelector(".picture"),height:Is,barWidth:2,barGap:1,barRadius:1,cursorWidth:2,media:this.media,url:this.source,peaks:[e.peaks.map(c=>c/255)],duration:this.whole,cspNonce:document.querySelector("script[nonce]")?.nonce??"",plugins:[i]});this.picture=n,n.on("timeupdate",c=>{this.at=c,this.changed()});let l=c=>q(c.kept?"--clip":"--clip-out");n.once("ready",()=>{for(let c of e.regions){let d=i.addRegion({start:c.start,end:c.end,color:l(c),drag:!1,resize:!1});d.element&&(d.element.title=c.title,d.element.style.cursor="pointer"),d.on("click",h=>{h.stopPropagation(),this.play(c.start,c.end)})}}),this.recolor=()=>{let c=q("--wave-played");n.setOptions({waveColor:q("--wave"),progressColor:c,cursorColor:c});for(let[d,h]of i.getRegions().entries()){let v=e.regions[d];v&&h.setOptions({color:l(v)})}},this.recolor()}seek(e){this.picture?.setTime(Math.min(Math.max(0,e),this.whole))}onKey(e){let t=Ue(this.whole);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.at-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.at+t);else if(e.key==="Home")this.seek(0);else if(e.key==="End")this.seek(this.whole);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,r]=[A(this.at),A(Math.round(this.whole))];return o`
      <button
        class="round"
        type="button"
        aria-label="${a(e?"player.pause":"player.play")}: ${this.name}"
        aria-busy=${this.waiting}
        data-test="play"
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?o`<span class="spinner" aria-hidden="true"></span>`:e?Ie:Ne}
      </button>
      <div
        class="picture"
        role="slider"
        tabindex="0"
        aria-label="${a("player.position")}: ${this.name}"
        aria-valuemin="0"
        aria-valuemax=${Math.round(this.whole)}
        aria-valuenow=${Math.round(this.at)}
        aria-valuetext=${a("player.at",{at:t,whole:r})}
        @keydown=${i=>this.onKey(i)}
      ></div>
      <span class="number small muted" aria-hidden="true">${t} / ${r}</span>
      ${y(this.error)}
    `}};customElements.define("vl-wave",ht);var he=class s{constructor(e,t,r=()=>{}){this.local=e;this.onRemove=t;this.changed=r;e!==null&&this.upload()}local;onRemove;changed;file=null;report=null;error=null;share=0;regions=[];titled="";abort=new AbortController;key=crypto.randomUUID();static known(e,t){let r=new s(null,t);return Lt(e).then(i=>(r.file=i,m(),r.inspect()),()=>t(r)),r}close(){this.abort.abort()}async upload(){this.error=null;let e=t=>{this.share=t,m()};try{this.file=await jt(this.local,"",e,this.abort.signal,this.key),this.changed()}catch(t){this.abort.signal.aborted||this.fail(t);return}await this.inspect()}async inspect(){if(this.file!==null){this.error=null;try{this.report=await It(this.file.file_id,this.abort.signal),w(this.verdict(this.report))}catch(e){this.abort.signal.aborted||this.fail(e)}m()}}fail(e){this.error=e,w(H(e)),m()}async remove(){if(this.file!==null){if(!se(a("report.remove_sure",{name:this.file.filename})))return;await Te(this.file.file_id).catch(()=>null)}this.onRemove(this)}verdict(e){return M(e.verdict_key,e.verdict_args)}render(){let e=this.file?.filename??this.local?.name??"";return o`
      <section class="card recording" data-test="recording" aria-label=${e}>
        <div class="row spread">
          <h2>${e}</h2>
          <button type="button" class="plain" data-test="remove" @click=${()=>this.remove()}>${a("report.remove")}</button>
        </div>
        ${this.error?o`${y(this.error)}
              <button type="button" @click=${()=>this.file?this.inspect():this.upload()}>${a("again")}</button>`:this.report?this.found(this.report):this.waiting()}
      </section>
    `}waiting(){return this.file!==null||this.share>=1?o`<p role="status"><span class="spinner" aria-hidden="true"></span> ${a("report.listening")}</p>`:o`<label>
      ${a("report.uploading",{share:E(this.share)})}
      <progress max="1" .value=${this.share}></progress>
    </label>`}clipRegions(e){return this.titled!==G()&&(this.titled=G(),this.regions=e.clips.map(t=>({start:t.start,end:t.start+t.seconds,kept:t.kept,title:t.kept?A(t.start):a("report.left_out",{reason:_("reason",t.drop_reason??"")})}))),this.regions}found(e){let t=e.clips.filter(r=>!r.kept);return o`
      <p data-test="verdict">
        <span class="badge ${e.outlook}">${a(`outlook.${e.outlook}`)}</span> ${this.verdict(e)}
      </p>
      ${e.problem?o`<p class="notice bad" role="alert">${M(e.problem.key,e.problem.args)}</p>`:p}
      ${e.warnings.map(r=>o`<p class="notice warn">${P(r)}</p>`)}
      <vl-wave
        data-test="wave"
        .peaks=${e.peaks}
        .seconds=${e.seconds}
        .src=${Nt(e.file_id)}
        .regions=${this.clipRegions(e)}
        .label=${this.file?.filename??""}
      ></vl-wave>
      <dl class="facts">
        ${this.fact("usable",x(e.usable_seconds))} ${this.fact("length",x(e.seconds))}
        ${this.fact("snr",`${S(e.snr_db)} dB`)} ${this.fact("clipping",E(e.clipping_ratio,1))}
        ${this.fact("loudness",`${S(e.loudness_lufs)} LUFS`)}
        ${this.fact("silence",E(e.silence_ratio))}
      </dl>
      <details>
        <summary>${a("report.clips",{kept:e.clips.length-t.length,all:e.clips.length})}</summary>
        <ul class="small">
          ${e.clips.map(r=>o`<li>
              ${A(r.start)}–${A(r.start+r.seconds)}:
              ${r.kept?a("report.kept"):a("report.left_out",{reason:_("reason",r.drop_reason??"")})}
            </li>`)}
        </ul>
      </details>
    `}fact(e,t){return o`<div>
      <dt class="muted small">${a(`report.${e}`)}</dt>
      <dd class="number">${t}</dd>
    </div>`}};var Hs="audio/*,video/mp4,.m4a,.opus,.flac,.webm",Os=10,mt="voiceloom.train";function Ds(s){return[...s.replace(/\.[^.]*$/,"").normalize("NFC").replace(/[^\p{L}\p{M}\p{Nd}_-]+/gu,"-").replace(/^[-\p{M}]+|-+$/gu,"")].slice(0,64).join("")}function ls(s){let e=[...s.normalize("NFC")].length;return e>=1&&e<=64&&/^[\p{L}\p{Nd}_-][\p{L}\p{M}\p{Nd}_-]*$/u.test(s.normalize("NFC"))}var je=class{cards=[];recorder=new Ve(e=>this.add([e]));pack=null;name="";quality="standard";language="auto";say="";transcript="";dragging=!1;starting=!1;error=null;key={of:"",value:""};onDrag=e=>this.drag(e);constructor(){for(let e of["dragenter","dragover","dragleave","drop"])window.addEventListener(e,this.onDrag);this.restore(),ke().then(e=>{this.pack=e,m()},()=>{})}title(){return a("train.title")}leave(){for(let e of["dragenter","dragover","dragleave","drop"])window.removeEventListener(e,this.onDrag);this.recorder.close();for(let e of this.cards)e.close()}restore(){let e=JSON.parse(sessionStorage.getItem(mt)??"null");e!==null&&(this.name=e.name,this.quality=e.quality,this.language=e.language,this.say=e.say,this.transcript=e.transcript,this.cards=e.files.map(t=>he.known(t,r=>this.remove(r))))}keep(){let e=this.cards.flatMap(c=>c.file?[c.file.file_id]:[]),{name:t,quality:r,language:i,say:n,transcript:l}=this;sessionStorage.setItem(mt,JSON.stringify({files:e,name:t,quality:r,language:i,say:n,transcript:l}))}drag(e){e.dataTransfer?.types.includes("Files")&&(e.preventDefault(),this.dragging=e.type==="dragenter"||e.type==="dragover",e.type==="drop"&&this.add([...e.dataTransfer.files]),m())}add(e){for(let t of e)this.cards.push(new he(t,r=>this.remove(r),()=>this.keep())),this.name===""&&(this.name=Ds(t.name));this.keep(),m()}remove(e){e.close(),this.cards=this.cards.filter(t=>t!==e),this.keep(),m()}get usable(){return this.cards.reduce((e,t)=>e+(t.report?.usable_seconds??0),0)}get obstacle(){return this.cards.length===0?"train.no_recording":this.cards.some(e=>e.error)?"train.bad_recording":this.cards.some(e=>e.report===null)?"train.not_ready":this.cards.some(e=>e.report?.problem&&e.report.problem.code!=="AUDIO_TOO_SHORT")?"train.bad_recording":this.usable<Os?"train.too_short":ls(this.name)?"":"train.name_rule"}async start(e){if(e.preventDefault(),this.starting||this.obstacle)return;let t={exp_name:this.name.normalize("NFC"),audio_file_ids:this.cards.flatMap(i=>i.file?[i.file.file_id]:[]),options:{quality:this.quality,language:this.language,...this.transcript.trim()?{transcript:this.transcript}:{},...this.say.trim()?{inference:{target_text:this.say}}:{}}},r=JSON.stringify(t);this.key.of!==r&&(this.key={of:r,value:crypto.randomUUID()}),this.starting=!0,this.error=null,m();try{let i=await Ht(t,this.key.value);sessionStorage.removeItem(mt),U(D(i.id))}catch(i){this.error=i,w(H(i))}this.starting=!1,m()}render(){return o`
      <div class="train">
        <h1>${a("train.title")}</h1>
        <p class="muted">${a("train.lead")}</p>
        ${this.dropZone()}
        ${Fe(this.cards,e=>e,e=>e.render())}
        ${this.cards.length>1?o`<p class="notice">${a("train.together",{time:x(this.usable)})}</p>`:p}
        ${this.form()}
      </div>
    `}dropZone(){return o`
      <section class="card drop ${this.dragging?"over":""}" data-test="drop" aria-label=${a("train.drop_label")}>
        <p class="lead">${a("train.drop")}</p>
        <div class="row">
          <label class="button primary">
            ${a("train.choose")}
            <input
              type="file"
              class="hidden"
              multiple
              accept=${Hs}
              data-test="file"
              @change=${e=>{let t=e.target;this.add([...t.files??[]]),t.value=""}}
            />
          </label>
          ${this.recorder.button()}
        </div>
        ${this.recorder.panel()}
        <p class="muted small">${a("train.formats")}</p>
      </section>
    `}typed(e){return t=>{this[e]=t.target.value,this.keep(),m()}}form(){let e=this.obstacle,t=this.name!==""&&!ls(this.name),r=this.pack?.languages??[];return o`
      <form class="card stack" @submit=${i=>this.start(i)}>
        <div class="field">
          <label for="name">${a("train.name")}</label>
          <input
            id="name"
            type="text"
            autocomplete="off"
            data-test="name"
            aria-invalid=${t}
            aria-describedby="name-rule"
            .value=${Q(this.name)}
            @input=${this.typed("name")}
          />
          <span id="name-rule" class="small ${t?"bad-text":"muted"}">${a("train.name_rule")}</span>
        </div>
        <fieldset class="qualities">
          <legend>${a("train.quality")}</legend>
          ${Xt.map(i=>o`
              <label class="quality">
                <input
                  type="radio"
                  name="quality"
                  value=${i}
                  data-test="quality-${i}"
                  .checked=${Q(this.quality===i)}
                  @change=${()=>{this.quality=i,this.keep(),m()}}
                />
                <strong>${a(`quality.${i}`)}</strong>
                <span class="muted small">${a(`quality_hint.${i}`)}</span>
              </label>
            `)}
        </fieldset>
        <div class="field">
          <label for="language">${a("train.language")}</label>
          <select
            id="language"
            @change=${i=>{this.language=i.target.value,this.keep(),m()}}
          >
            ${["auto",...r].map(i=>o`<option value=${i} ?selected=${i===this.language}>${_("language",i)}</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="say">${a("train.say")}</label>
          <textarea id="say" rows="2" data-test="say" .value=${Q(this.say)} @input=${this.typed("say")}></textarea>
        </div>
        <details>
          <summary>${a("train.transcript")}</summary>
          <div class="field">
            <label for="transcript" class="small muted">${a("train.transcript_hint")}</label>
            <textarea
              id="transcript"
              rows="4"
              data-test="transcript"
              .value=${Q(this.transcript)}
              @input=${this.typed("transcript")}
            ></textarea>
          </div>
        </details>
        ${y(this.error)}
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
    `}};var N,ae,cs=null;function Us(s){switch(s.name){case"train":return new je;case"tasks":return new Be(s.search);case"task":return new ue(s.id,s.tab);case"missing":return new Ee}}function ds(){ae=Kt(location.hash),ae.name==="task"&&N instanceof ue&&N.id===ae.id?N.show(ae.tab):(N?.leave?.(),N=Us(ae),window.scrollTo(0,0)),w(N.title()),m()}async function qs(){let s=G()==="zh"?"en":"zh";await Xe(s),w(N.title()),m()}function Fs(){let s=t=>t.includes(ae.name)?"page":p,e=cs?.languages.map(t=>_("language",t)).join(", ");return o`
    <header class="bar">
      <a class="brand" href="#/"><span class="logo" aria-hidden="true"></span>Voiceloom</a>
      <nav aria-label=${a("nav.label")}>
        <a href="#/" aria-current=${s(["train"])}>${a("nav.train")}</a>
        <a href="#/tasks" aria-current=${s(["tasks","task"])}>${a("nav.tasks")}</a>
      </nav>
      ${e?o`<span class="pack muted">${a("nav.speaks",{languages:e})}</span>`:p}
      <div class="tools">
        <button class="plain" lang=${G()==="zh"?"en":"zh-CN"} @click=${qs} data-test="language">
          ${G()==="zh"?"English":"\u4E2D\u6587"}
        </button>
        <button
          class="plain"
          data-test="theme"
          @click=${()=>{Gt(),m()}}
        >
          ${a(`theme.${Ae()}`)}
        </button>
      </div>
    </header>
  `}function zs(){return o`
    <a class="skip" href="#main" @click=${Bs}>${a("nav.skip")}</a>
    ${Fs()}
    <main id="main" tabindex="-1">${N.render()}</main>
    <footer class="muted">${a("footer.voices")} <a href="/docs">${a("footer.api")}</a></footer>
  `}function Bs(s){s.preventDefault(),document.getElementById("main")?.focus()}async function Vs(){at(),Wt();let s=document.getElementById("app"),e=!1;Qt(()=>{e||(e=!0,requestAnimationFrame(()=>{e=!1,document.title=`${N.title()} \xB7 Voiceloom`,we(zs(),s)}))});try{await Xe(Rt())}catch{s.textContent="\u670D\u52A1\u6682\u65F6\u65E0\u6CD5\u8BBF\u95EE\uFF0C\u6B63\u5728\u91CD\u8BD5\u2026\u2026 / The server does not answer; trying again\u2026",setTimeout(()=>location.reload(),3e3);return}s.replaceChildren(),window.addEventListener("hashchange",ds),ds(),cs=await ke().catch(()=>null),m()}Vs();
