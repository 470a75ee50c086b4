var Qe=globalThis,yt=s=>s,$e=Qe.trustedTypes,wt=$e?$e.createPolicy("lit-html",{createHTML:s=>s}):void 0,Je="$lit$",N=`lit$${Math.random().toFixed(9).slice(2)}$`,Ye="?"+N,ws=`<${Ye}>`,G=document,pe=()=>G.createComment(""),ue=s=>s===null||typeof s!="object"&&typeof s!="function",Xe=Array.isArray,Et=s=>Xe(s)||typeof s?.[Symbol.iterator]=="function",Ge=`[ 	
\f\r]`,ce=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,_t=/-->/g,kt=/>/g,j=RegExp(`>|${Ge}(?:([^\\s"'>=/]+)(${Ge}*=${Ge}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),Tt=/'/g,xt=/"/g,St=/^(?:script|style|textarea|title)$/i,Ze=s=>(e,...t)=>({_$litType$:s,strings:e,values:t}),o=Ze(1),te=Ze(2),tr=Ze(3),E=Symbol.for("lit-noChange"),c=Symbol.for("lit-nothing"),At=new WeakMap,W=G.createTreeWalker(G,129);function Rt(s,e){if(!Xe(s)||!s.hasOwnProperty("raw"))throw Error("invalid template strings array");return wt!==void 0?wt.createHTML(e):e}var Mt=(s,e)=>{let t=s.length-1,r=[],a,n=e===2?"<svg>":e===3?"<math>":"",l=ce;for(let d=0;d<t;d++){let p=s[d],m,v,u=-1,g=0;for(;g<p.length&&(l.lastIndex=g,v=l.exec(p),v!==null);)g=l.lastIndex,l===ce?v[1]==="!--"?l=_t:v[1]!==void 0?l=kt:v[2]!==void 0?(St.test(v[2])&&(a=RegExp("</"+v[2],"g")),l=j):v[3]!==void 0&&(l=j):l===j?v[0]===">"?(l=a??ce,u=-1):v[1]===void 0?u=-2:(u=l.lastIndex-v[2].length,m=v[1],l=v[3]===void 0?j:v[3]==='"'?xt:Tt):l===xt||l===Tt?l=j:l===_t||l===kt?l=ce:(l=j,a=void 0);let f=l===j&&s[d+1].startsWith("/>")?" ":"";n+=l===ce?p+ws:u>=0?(r.push(m),p.slice(0,u)+Je+p.slice(u)+N+f):p+N+(u===-2?d:f)}return[Rt(s,n+(s[t]||"<?>")+(e===2?"</svg>":e===3?"</math>":"")),r]},he=class s{constructor({strings:e,_$litType$:t},r){let a;this.parts=[];let n=0,l=0,d=e.length-1,p=this.parts,[m,v]=Mt(e,t);if(this.el=s.createElement(m,r),W.currentNode=this.el.content,t===2||t===3){let u=this.el.content.firstChild;u.replaceWith(...u.childNodes)}for(;(a=W.nextNode())!==null&&p.length<d;){if(a.nodeType===1){if(a.hasAttributes())for(let u of a.getAttributeNames())if(u.endsWith(Je)){let g=v[l++],f=a.getAttribute(u).split(N),$=/([.?@])?(.*)/.exec(g);p.push({type:1,index:n,name:$[2],strings:f,ctor:$[1]==="."?ye:$[1]==="?"?we:$[1]==="@"?_e:J}),a.removeAttribute(u)}else u.startsWith(N)&&(p.push({type:6,index:n}),a.removeAttribute(u));if(St.test(a.tagName)){let u=a.textContent.split(N),g=u.length-1;if(g>0){a.textContent=$e?$e.emptyScript:"";for(let f=0;f<g;f++)a.append(u[f],pe()),W.nextNode(),p.push({type:2,index:++n});a.append(u[g],pe())}}}else if(a.nodeType===8)if(a.data===Ye)p.push({type:2,index:n});else{let u=-1;for(;(u=a.data.indexOf(N,u+1))!==-1;)p.push({type:7,index:n}),u+=N.length-1}n++}}static createElement(e,t){let r=G.createElement("template");return r.innerHTML=e,r}};function Q(s,e,t=s,r){if(e===E)return e;let a=r!==void 0?t._$Co?.[r]:t._$Cl,n=ue(e)?void 0:e._$litDirective$;return a?.constructor!==n&&(a?._$AO?.(!1),n===void 0?a=void 0:(a=new n(s),a._$AT(s,t,r)),r!==void 0?(t._$Co??=[])[r]=a:t._$Cl=a),a!==void 0&&(e=Q(s,a._$AS(s,e.values),a,r)),e}var be=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:r}=this._$AD,a=(e?.creationScope??G).importNode(t,!0);W.currentNode=a;let n=W.nextNode(),l=0,d=0,p=r[0];for(;p!==void 0;){if(l===p.index){let m;p.type===2?m=new ee(n,n.nextSibling,this,e):p.type===1?m=new p.ctor(n,p.name,p.strings,this,e):p.type===6&&(m=new ke(n,this,e)),this._$AV.push(m),p=r[++d]}l!==p?.index&&(n=W.nextNode(),l++)}return W.currentNode=G,a}p(e){let t=0;for(let r of this._$AV)r!==void 0&&(r.strings!==void 0?(r._$AI(e,r,t),t+=r.strings.length-2):r._$AI(e[t])),t++}},ee=class s{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,r,a){this.type=2,this._$AH=c,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=r,this.options=a,this._$Cv=a?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=Q(this,e,t),ue(e)?e===c||e==null||e===""?(this._$AH!==c&&this._$AR(),this._$AH=c):e!==this._$AH&&e!==E&&this._(e):e._$litType$!==void 0?this.$(e):e.nodeType!==void 0?this.T(e):Et(e)?this.k(e):this._(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==c&&ue(this._$AH)?this._$AA.nextSibling.data=e:this.T(G.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:r}=e,a=typeof r=="number"?this._$AC(e):(r.el===void 0&&(r.el=he.createElement(Rt(r.h,r.h[0]),this.options)),r);if(this._$AH?._$AD===a)this._$AH.p(t);else{let n=new be(a,this),l=n.u(this.options);n.p(t),this.T(l),this._$AH=n}}_$AC(e){let t=At.get(e.strings);return t===void 0&&At.set(e.strings,t=new he(e)),t}k(e){Xe(this._$AH)||(this._$AH=[],this._$AR());let t=this._$AH,r,a=0;for(let n of e)a===t.length?t.push(r=new s(this.O(pe()),this.O(pe()),this,this.options)):r=t[a],r._$AI(n),a++;a<t.length&&(this._$AR(r&&r._$AB.nextSibling,a),t.length=a)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let r=yt(e).nextSibling;yt(e).remove(),e=r}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},J=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,r,a,n){this.type=1,this._$AH=c,this._$AN=void 0,this.element=e,this.name=t,this._$AM=a,this.options=n,r.length>2||r[0]!==""||r[1]!==""?(this._$AH=Array(r.length-1).fill(new String),this.strings=r):this._$AH=c}_$AI(e,t=this,r,a){let n=this.strings,l=!1;if(n===void 0)e=Q(this,e,t,0),l=!ue(e)||e!==this._$AH&&e!==E,l&&(this._$AH=e);else{let d=e,p,m;for(e=n[0],p=0;p<n.length-1;p++)m=Q(this,d[r+p],t,p),m===E&&(m=this._$AH[p]),l||=!ue(m)||m!==this._$AH[p],m===c?e=c:e!==c&&(e+=(m??"")+n[p+1]),this._$AH[p]=m}l&&!a&&this.j(e)}j(e){e===c?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??"")}},ye=class extends J{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===c?void 0:e}},we=class extends J{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==c)}},_e=class extends J{constructor(e,t,r,a,n){super(e,t,r,a,n),this.type=5}_$AI(e,t=this){if((e=Q(this,e,t,0)??c)===E)return;let r=this._$AH,a=e===c&&r!==c||e.capture!==r.capture||e.once!==r.once||e.passive!==r.passive,n=e!==c&&(r===c||a);a&&this.element.removeEventListener(this.name,this,r),n&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},ke=class{constructor(e,t,r){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=r}get _$AU(){return this._$AM._$AU}_$AI(e){Q(this,e)}},Ct={M:Je,P:N,A:Ye,C:1,L:Mt,R:be,D:Et,V:Q,I:ee,H:J,N:we,U:_e,B:ye,F:ke},_s=Qe.litHtmlPolyfillSupport;_s?.(he,ee),(Qe.litHtmlVersions??=[]).push("3.3.3");var Te=(s,e,t)=>{let r=t?.renderBefore??e,a=r._$litPart$;if(a===void 0){let n=t?.renderBefore??null;r._$litPart$=a=new ee(e.insertBefore(pe(),n),n,void 0,t??{})}return a._$AI(s),a};var Pt="voiceloom.language",q={language:"zh",messages:{},translated_args:{}};function Lt(){return localStorage.getItem(Pt)==="en"?"en":"zh"}function Y(){return q.language}async function et(s){let e=await fetch(`/api/v1/messages?lang=${s}`);if(!e.ok)throw new Error(`messages: ${e.status}`);q=await e.json(),localStorage.setItem(Pt,s),document.documentElement.lang=s==="zh"?"zh-CN":"en",window.dispatchEvent(new Event("textchange"))}function ks(s,e){return s.replace(/\{(\w+)\}/g,(t,r)=>e[r]??"?")}function Ts(s){let e={...s};for(let[t,r]of Object.entries(q.translated_args)){let a=s[t];if(a===void 0)continue;let n=a.split(",").map(l=>l.trim());e[t]=n.map(l=>q.messages[`${r}.${l}`]??l).join(", ")}return e}function I(s,e={}){let t=q.messages[s];return t===void 0?s:ks(t,Ts(e))}function i(s,e={}){let t=Object.fromEntries(Object.entries(e).map(([r,a])=>[r,String(a)]));return I(`studio.${s}`,t)}function H(s){return s.message_key!==null&&s.message_key in q.messages?I(s.message_key,s.message_args):s.message??""}function _(s,e){return q.messages[`${s}.${e}`]??e}function tt(){return q.language==="zh"?"zh-CN":"en"}function S(s,e=0){return s.toLocaleString(tt(),{minimumFractionDigits:e,maximumFractionDigits:e})}function k(s,e=0){return s.toLocaleString(tt(),{style:"percent",minimumFractionDigits:e,maximumFractionDigits:e})}function R(s){let e=Math.max(0,Math.round(s)),[t,r,a]=[Math.floor(e/3600),Math.floor(e/60)%60,e%60];return t>0?i("time.hours",{h:t,m:r}):r>0?i("time.minutes",{m:r,s:a}):i("time.seconds",{s:a})}function T(s){let e=Math.max(0,Math.floor(s));return`${Math.floor(e/60)}:${String(e%60).padStart(2,"0")}`}function st(s){return s<1e6?`${S(s/1e3)} kB`:`${S(s/1e6,1)} MB`}function Nt(s){return new Date(s).toLocaleString(tt(),{dateStyle:"medium",timeStyle:"short"})}var xe="/api/v1",y=class extends Error{constructor(t,r,a,n=null,l={},d=[]){super(a);this.status=t;this.code=r;this.detail=a;this.key=n;this.args=l;this.problems=d}status;code;detail;key;args;problems;sentence(){if(this.key===null)return this.detail;let t=I(this.key,this.args);return t===this.key?this.detail:t}};function M(s){return s instanceof y?s.sentence():s instanceof Error?s.message:String(s)}function rt(){return new y(0,"UNREACHABLE","The server does not answer","studio.unreachable")}function at(s,e){try{let t=JSON.parse(e);return new y(s,t.code,t.detail,t.key??null,t.args??{},t.errors??[])}catch{return new y(s,"UNKNOWN",`HTTP ${s}`)}}async function se(s,e={}){let t;try{t=await fetch(xe+s,e)}catch(r){throw e.signal?.aborted?r:rt()}if(!t.ok)throw at(t.status,await t.text());return t}async function It(s){try{let e=await fetch(s,{headers:{Range:"bytes=0-0"}});return e.ok?(await e.body?.cancel(),null):at(e.status,await e.text())}catch{return rt()}}async function C(s,e={}){return await(await se(s,e)).json()}function Ht(s,e,t={}){return{method:s,body:JSON.stringify(e),headers:{"Content-Type":"application/json",...t}}}function Ot(s){let e=Object.entries(s).filter(([,t])=>t!==void 0&&t!=="");return e.length?`?${new URLSearchParams(e.map(([t,r])=>[t,String(r)]))}`:""}var P=s=>`/tasks/${encodeURIComponent(s)}`,Ae=()=>C("/packs"),Dt=s=>C(`/files/${encodeURIComponent(s)}`),Ee=s=>se(`/files/${encodeURIComponent(s)}`,{method:"DELETE"}),Ut=s=>`${xe}/files/${encodeURIComponent(s)}/download`,qt=(s,e)=>C(`/files/${encodeURIComponent(s)}/report`,e?{signal:e}:{});var zt=(s,e)=>C("/tasks",Ht("POST",s,{"Idempotency-Key":e})),Ft=(s,e,t,r)=>C(`/tasks${Ot({status:s,search:e,limit:t,offset:r})}`),Bt=s=>C(P(s)),Vt=s=>se(P(s),{method:"DELETE"}),Kt=s=>se(`${P(s)}?purge=true`,{method:"DELETE"}),jt=s=>C(`${P(s)}/resume`,{method:"POST"}),it=(s,e)=>C(`${P(s)}/retry${Ot({from_stage:e})}`,{method:"POST"}),Wt=s=>C(`${P(s)}/outputs`),Gt=s=>C(`${P(s)}/transcripts`),Qt=(s,e)=>C(`${P(s)}/transcripts`,Ht("PUT",{items:e})),Jt=s=>C(`${P(s)}/metrics`);var re=(s,e,t)=>`${xe}${P(s)}/outputs/${e}/${t.split("/").map(encodeURIComponent).join("/")}`;function Yt(s,e,t,r,a){return new Promise((n,l)=>{let d=new XMLHttpRequest;d.open("POST",`${xe}/files`),d.setRequestHeader("Idempotency-Key",a),d.upload.onprogress=m=>m.lengthComputable&&t(m.loaded/m.total),d.onerror=()=>l(rt()),d.onabort=()=>l(new DOMException("aborted","AbortError")),d.onload=()=>d.status===200?n(JSON.parse(d.responseText)):l(at(d.status,d.responseText)),r.addEventListener("abort",()=>d.abort());let p=new FormData;e&&p.append("transcript",e),p.append("file",s,s.name),d.send(p)})}var nt=["progress","proofread","result"];function Xt(s){let[e="",t=""]=s.replace(/^#/,"").split("?"),r=e.split("/").filter(Boolean).map(decodeURIComponent);if(r.length===0)return{name:"train"};if(r[0]!=="tasks"||r.length>3)return{name:"missing"};if(r[1]===void 0)return{name:"tasks",search:new URLSearchParams(t)};let a=r[2]??"progress";return nt.includes(a)?{name:"task",id:r[1],tab:a}:{name:"missing"}}function O(s,e="progress"){return e==="progress"?`#/tasks/${encodeURIComponent(s)}`:`#/tasks/${encodeURIComponent(s)}/${e}`}function D(s){location.hash=s}var ot="voiceloom.theme",xs={auto:"light",light:"dark",dark:"auto"};function Se(){let s=localStorage.getItem(ot);return s==="light"||s==="dark"?s:"auto"}function lt(s=Se()){s==="auto"?(localStorage.removeItem(ot),delete document.documentElement.dataset.theme):(localStorage.setItem(ot,s),document.documentElement.dataset.theme=s),window.dispatchEvent(new Event("themechange"))}function Zt(){window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>window.dispatchEvent(new Event("themechange")))}function es(){lt(xs[Se()])}function z(s){return getComputedStyle(document.documentElement).getPropertyValue(s).trim()}var h=()=>{};function ts(s){h=s}function w(s){return s?o`<p class="notice bad" role="alert">${M(s)}</p>`:c}function F(){return o`<p class="muted" role="status"><span class="spinner" aria-hidden="true"></span> ${i("loading")}</p>`}function B(s){return window.confirm(s)}var dt=null;function b(s){dt??=document.getElementById("announcer"),dt!==null&&(dt.textContent=s)}var Re=class{title(){return i("missing.title")}render(){return o`<h1>${i("missing.title")}</h1>
      <p><a href="#/">${i("missing.back")}</a></p>`}};var ss=500,As=1e4,Es=4e4,Ss=2e4;function rs(s,e,t,r){let a=!1,n=Date.now(),l=new AbortController,d=()=>{};async function p(){let u=ss;for(;!a;){l=new AbortController;try{let g={Accept:"text/event-stream","Last-Event-ID":String(e)},f=`/tasks/${encodeURIComponent(s)}/progress`,$=await se(f,{headers:g,signal:l.signal});if($.status===204||(r("open"),u=ss,await m($)))return r("ended")}catch(g){if(g instanceof y&&g.status===404)return r("gone")}if(a)return;r("lost"),await new Promise(g=>{let f=setTimeout(g,u);d=()=>{clearTimeout(f),g()}}),u=Math.min(u*2,As)}}async function m(u){if(u.body===null)return!1;let g=u.body.pipeThrough(new TextDecoderStream).getReader(),f=l,$="",A=!1;for(;;){let de=setTimeout(()=>f.abort(),Es),{value:ve,done:bs}=await g.read().finally(()=>clearTimeout(de));if(n=Date.now(),bs)return A;$+=ve;let bt=$.split(`

`);$=bt.pop()??"";for(let ys of bt){let Z=Rs(ys);Z===null||Z.id<=e||(e=Z.id,A=Z.name!=="progress"&&Z.name!=="log",t(Z))}}}let v=()=>{document.visibilityState==="visible"&&(d(),Date.now()-n>Ss&&l.abort())};return document.addEventListener("visibilitychange",v),window.addEventListener("online",v),p(),{stop(){a=!0,l.abort(),d(),document.removeEventListener("visibilitychange",v),window.removeEventListener("online",v)}}}function Rs(s){let e="message",t="",r="";for(let a of s.split(`
`)){let n=a.indexOf(":"),l=n<0?a:a.slice(0,n),d=n<0?"":a.slice(n+1).replace(/^ /,"");l==="event"?e=d:l==="id"?t=d:l==="data"&&(r+=d)}return t===""?null:{name:e,id:Number(t),data:JSON.parse(r)}}var as=["fast","standard","high"],is=["audio_slice","asr","text_feature","hubert_feature","semantic_token","sovits_train","gpt_train","inference"],ct=["queued","running","interrupted","completed","failed","cancelled"];function me(s){return["completed","failed","cancelled"].includes(s.status)}var V=class extends HTMLElement{scheduled=!1;redraw=()=>this.changed();connectedCallback(){window.addEventListener("textchange",this.redraw),this.changed()}disconnectedCallback(){window.removeEventListener("textchange",this.redraw)}changed(){this.scheduled||(this.scheduled=!0,queueMicrotask(()=>{this.scheduled=!1,this.isConnected&&(Te(this.template(),this),this.drawn())}))}drawn(){}};var pt=["mel","kl","ce","accuracy","gen","fm","disc","stft","guide","commit","total"],Ms=new Set(["total","disc","commit"]),ut="accuracy",Me=4,ns=220,Cs=5;function Ps(s){let e=new Set(s.flatMap(r=>Object.keys(r.losses))),t=r=>pt.includes(r)?pt.indexOf(r):pt.length;return[...e].sort((r,a)=>t(r)-t(a)||(r<a?-1:1))}var ht=class extends V{data=null;names=[];switched=new Map;chart=null;made="";given=null;broken=!1;resized=new ResizeObserver(()=>this.fit());onTheme=()=>this.chart?.redraw(!1);onText=()=>this.chart?.redraw(!1);set curve(e){e!==this.data&&(this.data=e,this.names=Ps(e.points),this.changed())}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme),window.addEventListener("textchange",this.onText),this.resized.observe(this)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),window.removeEventListener("textchange",this.onText),this.resized.disconnect(),this.chart?.destroy(),this.chart=null,this.made=""}shows(e){return this.switched.get(e)??!Ms.has(e)}toggle(e){this.switched.set(e,!this.shows(e)),this.chart?.setSeries(this.names.indexOf(e)+1,{show:this.shows(e)}),this.changed()}fit(){let e=this.querySelector(".chart")?.clientWidth??0;e>0&&e!==this.chart?.width&&this.chart?.setSize({width:e,height:ns})}drawn(){if(this.data===null||this.names.length===0)return;let e=this.names.join();if(this.made===e){this.chart!==null&&this.given!==this.data&&(this.given=this.data,this.chart.setData(this.rows(this.data)));return}this.made=e,this.paint(e).catch(()=>{this.broken=!0,this.changed()})}rows(e){let t=this.names.map(r=>e.points.map(a=>a.losses[r]??null));return[e.points.map(r=>r.step),...t]}async paint(e){let{default:t}=await import("./uPlot.esm-ULJJVTMH.js"),r=this.querySelector(".chart");if(r===null||this.data===null||!this.isConnected||this.made!==e)return;this.chart?.destroy();let a={stroke:()=>z("--muted"),grid:{stroke:()=>z("--line"),width:1}},n=this.names.includes(ut),l={width:Math.max(1,r.clientWidth),height:ns,legend:{show:!1},cursor:{y:!1,drag:{x:!1,y:!1}},scales:{x:{time:!1},share:{range:[0,1]}},axes:[{...a,values:(d,p)=>p.map(m=>Number.isInteger(m)?S(m):"")},{...a,size:56,values:(d,p)=>p.map(m=>String(Number(m.toPrecision(4))))},...n?[{...a,scale:"share",side:1,grid:{show:!1},values:(d,p)=>p.map(m=>k(m))}]:[]],series:[{},...this.names.map((d,p)=>({label:d,scale:d===ut?"share":"y",show:this.shows(d),stroke:()=>z(`--curve-${p%Me+1}`),width:2,points:{show:this.data?.points.length===1},spanGaps:!0,...p>=Me?{dash:[6,4]}:{}}))],hooks:{setCursor:[()=>this.changed()]}};this.given=this.data,this.chart=new t(l,this.rows(this.data),r),this.changed()}get read(){return this.data?.points[this.chart?.cursor.idx??-1]??this.data?.points.at(-1)}value(e,t){let r=e?.losses[t];return r===void 0?"\u2013":t===ut?k(r,1):S(r,3)}template(){let e=this.data;if(e===null||this.names.length===0)return o``;let[t,r]=[e.points[0],e.points.at(-1)],a=this.names.map(n=>i("curves.from_to",{name:_("studio.loss",n),from:this.value(t,n),to:this.value(r,n)}));return o`
      <div class="row small legend">
        ${this.names.map((n,l)=>o`
            <button
              type="button"
              class="plain small"
              aria-pressed=${this.shows(n)}
              data-test="curve-${n}"
              @click=${()=>this.toggle(n)}
            >
              <span class="swatch swatch-${l%Me+1} ${l>=Me?"dashed":""}" aria-hidden="true"></span>
              ${_("studio.loss",n)} <span class="number">${this.value(this.read,n)}</span>
            </button>
          `)}
        <span class="muted number">${i("curves.step",{step:this.read?.step??0,all:e.total_steps})}</span>
      </div>
      <div
        class="chart"
        role="img"
        aria-label="${i(`stage.${e.stage}`)}: ${a.join("; ")}"
        ?hidden=${this.broken}
        data-test="chart"
      ></div>
      ${this.table(e)}
    `}table(e){let t=e.points.slice(-Cs).reverse();return o`
      <details ?open=${this.broken}>
        <summary class="small">${i("curves.table")}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${i("curves.table")}>
          <table class="small number" data-test="curve-table">
            <thead>
              <tr>
                <th scope="col">${i("curves.steps")}</th>
                <th scope="col">${i("curves.epoch")}</th>
                ${this.names.map(r=>o`<th scope="col">${_("studio.loss",r)}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${t.map(r=>o`<tr>
                  <th scope="row">${r.step}</th>
                  <td>${r.epoch}</td>
                  ${this.names.map(a=>o`<td>${this.value(r,a)}</td>`)}
                </tr>`)}
            </tbody>
          </table>
        </div>
      </details>
    `}};customElements.define("vl-curves",ht);var os=2e3,Ls=["sovits_train","gpt_train"],Ce=class{constructor(e){this.id=e}id;curves=[];running=!1;known="";asking=!1;shown=0;missing=!1;timer=window.setInterval(()=>this.tick(),os);stop(){clearInterval(this.timer)}tick(){let e=document.visibilityState==="visible"&&Date.now()-this.shown<2*os;this.running&&e&&this.load()}async load(){if(!(this.asking||this.missing)){this.asking=!0;try{this.curves=(await Jt(this.id)).curves}catch(e){e instanceof y&&e.status===404?this.missing=!0:this.known=""}this.asking=!1,h()}}look(e){let t=e.stages.filter(a=>Ls.includes(a.name));this.running=t.some(a=>a.status==="running"),this.shown=Date.now();let r=t.map(a=>a.status).join();r===this.known||this.asking||(this.known=r,t.some(a=>a.status!=="pending")?this.load():this.curves=[])}render(e){this.look(e);let t=this.curves.filter(r=>r.points.length>0);return t.length===0?c:o`
      <section class="card" data-test="curves">
        <h2>${i("curves.title")}</h2>
        <p class="muted small">${i("curves.hint")}</p>
        ${t.map(r=>o`
            <h3>${i(`stage.${r.stage}`)}</h3>
            <vl-curves data-stage=${r.stage} .curve=${r}></vl-curves>
          `)}
      </section>
    `}};var Ns=500,Is={pending:"\u25CB",running:"\u25D4",completed:"\u2713",failed:"\u2715",cancelled:"\u2013",skipped:"\u2013"},Pe=class{lines=[];ends=new Map;curves;constructor(e){this.curves=new Ce(e)}stop(){this.curves.stop()}onEvent(e){if(e.name==="log")this.lines.push(e),this.lines.length>Ns&&this.lines.shift();else if(e.name==="progress"&&e.data.stage){let t=e.data.eta_seconds;typeof t=="number"?this.ends.set(e.data.stage,Date.now()+t*1e3):this.ends.delete(e.data.stage)}}render(e){return o`
      <section class="card">
        <label class="small">
          ${i("progress.whole",{share:k(e.progress)})}
          ${e.queue_position?o` · ${i("tasks.position",{position:e.queue_position})}`:c}
          <progress max="1" .value=${e.progress} data-test="bar"></progress>
        </label>
        <ol class="stages">
          ${e.stages.map(t=>this.stage(t))}
        </ol>
      </section>
      ${this.curves.render(e)}
      <details class="card" data-test="logs">
        <summary>${i("progress.logs",{count:this.lines.length})}</summary>
        ${this.lines.length===0?o`<p class="muted">${i("progress.no_logs")}</p>`:c}
        <ul class="lines small">
          ${this.lines.map(t=>o`<li class=${t.data.level??"info"} data-test="log-line" data-id=${t.id}>
              ${t.data.stage?`${i(`stage.${t.data.stage}`)}: `:""}${H(t.data)}
            </li>`)}
        </ul>
      </details>
    `}stage(e){let t=e.status==="running",r=this.ends.get(e.name);return o`
      <li class=${e.status} data-test="stage-${e.name}" data-status=${e.status}>
        <span class="icon" aria-hidden="true">${Is[e.status]}</span>
        <span class="what">
          <strong>${i(`stage.${e.name}`)}</strong>
          <span class="muted small">${i(`stage_status.${e.status}`)}</span>
          ${e.message_key&&e.status!=="pending"?o`<span class="small">${H(e)}</span>`:c}
        </span>
        <span class="muted small number">
          ${e.seconds!==null&&!t?R(e.seconds):c}
          ${t&&r!==void 0?o`<span data-test="eta">${i("progress.left",{time:R((r-Date.now())/1e3)})}</span>`:c}
        </span>
        ${t?o`<progress max="1" .value=${e.progress} aria-label=${i(`stage.${e.name}`)}></progress>`:c}
      </li>
    `}};var U={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},Le=s=>(...e)=>({_$litDirective$:s,values:e}),ae=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,r){this._$Ct=e,this._$AM=t,this._$Ci=r}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}};var{I:Hs}=Ct,ls=s=>s;var cs=s=>s.strings===void 0,ds=()=>document.createComment(""),ie=(s,e,t)=>{let r=s._$AA.parentNode,a=e===void 0?s._$AB:e._$AA;if(t===void 0){let n=r.insertBefore(ds(),a),l=r.insertBefore(ds(),a);t=new Hs(n,l,s,s.options)}else{let n=t._$AB.nextSibling,l=t._$AM,d=l!==s;if(d){let p;t._$AQ?.(s),t._$AM=s,t._$AP!==void 0&&(p=s._$AU)!==l._$AU&&t._$AP(p)}if(n!==a||d){let p=t._$AA;for(;p!==n;){let m=ls(p).nextSibling;ls(r).insertBefore(p,a),p=m}}}return t},K=(s,e,t=s)=>(s._$AI(e,t),s),Os={},Ne=(s,e=Os)=>s._$AH=e,ps=s=>s._$AH,Ie=s=>{s._$AR(),s._$AA.remove()};var us=(s,e,t)=>{let r=new Map;for(let a=e;a<=t;a++)r.set(s[a],a);return r},ne=Le(class extends ae{constructor(s){if(super(s),s.type!==U.CHILD)throw Error("repeat() can only be used in text expressions")}dt(s,e,t){let r;t===void 0?t=e:e!==void 0&&(r=e);let a=[],n=[],l=0;for(let d of s)a[l]=r?r(d,l):l,n[l]=t(d,l),l++;return{values:n,keys:a}}render(s,e,t){return this.dt(s,e,t).values}update(s,[e,t,r]){let a=ps(s),{values:n,keys:l}=this.dt(e,t,r);if(!Array.isArray(a))return this.ut=l,n;let d=this.ut??=[],p=[],m,v,u=0,g=a.length-1,f=0,$=n.length-1;for(;u<=g&&f<=$;)if(a[u]===null)u++;else if(a[g]===null)g--;else if(d[u]===l[f])p[f]=K(a[u],n[f]),u++,f++;else if(d[g]===l[$])p[$]=K(a[g],n[$]),g--,$--;else if(d[u]===l[$])p[$]=K(a[u],n[$]),ie(s,p[$+1],a[u]),u++,$--;else if(d[g]===l[f])p[f]=K(a[g],n[f]),ie(s,a[u],a[g]),g--,f++;else if(m===void 0&&(m=us(l,f,$),v=us(d,u,g)),m.has(d[u]))if(m.has(d[g])){let A=v.get(l[f]),de=A!==void 0?a[A]:null;if(de===null){let ve=ie(s,a[u]);K(ve,n[f]),p[f]=ve}else p[f]=K(de,n[f]),ie(s,a[u],de),a[A]=null;f++}else Ie(a[g]),g--;else Ie(a[u]),u++;for(;f<=$;){let A=ie(s,p[$+1]);K(A,n[f]),p[f++]=A}for(;u<=g;){let A=a[u++];A!==null&&Ie(A)}return this.ut=l,Ne(s,p),E}});var L=Le(class extends ae{constructor(s){if(super(s),s.type!==U.PROPERTY&&s.type!==U.ATTRIBUTE&&s.type!==U.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!cs(s))throw Error("`live` bindings can only contain a single expression")}render(s){return s}update(s,[e]){if(e===E||e===c)return e;let t=s.element,r=s.name;if(s.type===U.PROPERTY){if(e===t[r])return E}else if(s.type===U.BOOLEAN_ATTRIBUTE){if(!!e===t.hasAttribute(r))return E}else if(s.type===U.ATTRIBUTE&&t.getAttribute(r)===e+"")return E;return Ne(s),e}});function ge(s){return o`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${s}</svg>`}var He=ge(te`<path d="M7 4.5v15l13-7.5z" fill="currentColor"></path>`),Oe=ge(te`<path d="M6 4.5h4v15H6zm8 0h4v15h-4z" fill="currentColor"></path>`),Gr=ge(te`<path d="M6 6h12v12H6z" fill="currentColor"></path>`),Qr=ge(te`<path d="M12 14.5a3.5 3.5 0 0 0 3.5-3.5V6a3.5 3.5 0 0 0-7 0v5a3.5 3.5 0 0 0 3.5 3.5zm-7-4h1.8v.5a5.2 5.2 0 0 0 10.4 0v-.5H19v.5a7 7 0 0 1-6.1 6.9V22h-1.8v-4.1A7 7 0 0 1 5 11z" fill="currentColor"></path>`),Jr=ge(te`<path d="M12 3.5l5.5 5.5-1.4 1.4-3.1-3.1V16h-2V7.3l-3.1 3.1L6.5 9zM5 18.5h14v2H5z" fill="currentColor"></path>`);var mt=null;function De(s){s.addEventListener("play",()=>{mt!==s&&mt?.pause(),mt=s})}function Ue(s){s.pause(),s.removeAttribute("src"),s.load()}async function qe(s,e){let t=e.startsWith("blob:")?null:await It(e);if(t!==null)return t;let a=s.error?.code===MediaError.MEDIA_ERR_NETWORK?"studio.player.broken_off":"studio.player.unplayable";return new y(0,"UNPLAYABLE",s.error?.message??"",a)}function ze(s){return s>60?5:1}var gt=class extends V{media=new Audio;source="";known=0;name="";buttonTest="play";waiting=!1;error=null;frame=0;constructor(){super(),De(this.media);for(let e of["loadedmetadata","durationchange","seeked","timeupdate"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused)),this.media.addEventListener("playing",()=>this.wait(!1)),this.media.addEventListener("pause",()=>this.wait(!1)),this.media.addEventListener("error",()=>{this.fail()});for(let e of["play","pause","ended"])this.media.addEventListener(e,()=>{this.follow(),this.dispatchEvent(new Event(e))})}set src(e){e!==this.source&&(this.source=e,this.load())}set seconds(e){this.known=e,this.media.preload=e>0?"none":"metadata",this.changed()}set label(e){this.name=e,this.changed()}set test(e){this.buttonTest=e,this.changed()}connectedCallback(){super.connectedCallback(),this.source&&!this.media.getAttribute("src")&&this.load()}disconnectedCallback(){super.disconnectedCallback(),cancelAnimationFrame(this.frame),Ue(this.media)}play(){this.error&&this.load(),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.media.play().catch(()=>this.wait(!1))}pause(){this.media.pause()}toggle(){this.media.paused?this.play():this.pause()}load(){this.error=null,this.waiting=!1,!(!this.isConnected||!this.source)&&(this.media.preload=this.known>0?"none":"metadata",this.media.src=this.source,this.changed())}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=this.source,t=await qe(this.media,e);e!==this.source||!this.isConnected||(this.error=t,this.media.pause(),this.wait(!1))}follow(){cancelAnimationFrame(this.frame),this.changed(),!this.media.paused&&this.isConnected&&(this.frame=requestAnimationFrame(()=>this.follow()))}get length(){return Number.isFinite(this.media.duration)?this.media.duration:this.known}seek(e){this.media.currentTime=Math.min(Math.max(0,e),this.length),this.changed()}onKey(e){let t=ze(this.length);if(e.key===" ")this.toggle();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.media.currentTime-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.media.currentTime+t);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,r]=[T(this.media.currentTime),this.length>0?T(Math.round(this.length)):"\u2013:\u2013\u2013"],a=this.name?`${i(e?"player.pause":"player.play")}: ${this.name}`:c;return o`
      <button
        class="round"
        type="button"
        aria-label=${a===c?i(e?"player.pause":"player.play"):a}
        aria-busy=${this.waiting}
        data-test=${this.buttonTest}
        @click=${()=>this.toggle()}
      >
        ${this.waiting?o`<span class="spinner" aria-hidden="true"></span>`:e?Oe:He}
      </button>
      <input
        type="range"
        min="0"
        max=${this.length||1}
        step="any"
        .value=${L(String(this.media.currentTime))}
        aria-label=${this.name?`${i("player.position")}: ${this.name}`:i("player.position")}
        aria-valuetext=${i("player.at",{at:t,whole:r})}
        ?disabled=${this.length<=0}
        data-test="seek"
        @input=${n=>this.seek(n.target.valueAsNumber)}
        @keydown=${n=>this.onKey(n)}
      />
      <span class="number small muted" aria-hidden="true">${t} / ${r}</span>
      ${w(this.error)}
    `}};customElements.define("vl-player",gt);var hs=.6,Ds=.85;function Us(s,e){let t=[],r=0;for(let{text:a,probability:n}of e){let l=a.trim(),d=l===""?-1:s.indexOf(l,r);if(d<0||n>=hs){d>=0&&(t.push(s.slice(r,d+l.length)),r=d+l.length);continue}let p=i("proofread.unsure",{share:k(n)});t.push(s.slice(r,d),o`<mark title=${p} data-test="unsure">${l}</mark>`),r=d+l.length}return[...t,s.slice(r)]}function qs({clip:s,draft:e,unsaved:t}){let r=s.confidence>=Ds?"good":s.confidence>=hs?"fair":"poor",a=e.text.trim()!==""&&e.text.trim()!==s.recognised_text;return o`
    <span class="badge ${r}" data-test="confidence">${i("proofread.sure",{share:k(s.confidence)})}</span>
    ${a?o`<span class="badge running" data-test="corrected">${i("proofread.corrected")}</span>`:c}
    ${e.dropped?o`<span class="badge bad" data-test="dropped">${i("proofread.dropped")}</span>`:c}
    ${t?o`<span class="badge warn" data-test="changed">${i("proofread.changed")}</span>`:c}
  `}function ms(s){let{clip:e,draft:t,editable:r}=s,a=T(e.start),n=i("proofread.clip",{at:a}),l=t.text!==e.recognised_text;return o`
    <li class="card clip ${t.dropped?"out":""}" data-test="clip" data-clip=${e.clip_id}>
      <div class="row spread">
        <span class="row"
          ><strong class="number">${a}</strong>
          <span class="muted small">${i("time.seconds",{s:S(e.seconds,1)})}</span>
          ${qs(s)}</span
        >
        <label class="row small">
          <input
            type="checkbox"
            data-test="keep"
            .checked=${L(!t.dropped)}
            ?disabled=${!r}
            @change=${d=>s.change({...t,dropped:!d.target.checked})}
          />
          ${i("proofread.keep")}
        </label>
      </div>
      <vl-player .src=${s.src} .seconds=${e.seconds} .label=${n}></vl-player>
      <textarea
        rows="2"
        maxlength="1000"
        lang=${e.language==="zh"?"zh-CN":e.language||c}
        aria-label=${i("proofread.text_of",{at:a})}
        data-test="text"
        .value=${L(t.text)}
        ?readonly=${!r}
        @input=${d=>s.change({...t,text:d.target.value})}
        @change=${()=>t.text.trim()===""&&s.change({...t,text:e.recognised_text})}
      ></textarea>
      <p class="small muted">
        ${e.recognised_text?o`${i("proofread.heard")} <span data-test="recognised">${Us(e.recognised_text,e.words)}</span>`:i("proofread.heard_nothing")}
        ${l&&r&&e.recognised_text?o`<button
              type="button"
              class="link"
              data-test="reset"
              aria-label=${i("proofread.reset_of",{at:a})}
              @click=${()=>s.change({...t,text:e.recognised_text})}
            >
              ${i("proofread.reset")}
            </button>`:c}
      </p>
      ${!e.kept&&e.drop_reason&&!t.dropped?o`<p class="small bad-text" data-test="left-out">
            ${i("proofread.left_out",{reason:_("reason",e.drop_reason)})}
          </p>`:c}
    </li>
  `}var ft=40,Fe=class{constructor(e,t){this.id=e;this.retrain=t}id;retrain;found=null;order="confidence";most=ft;drafts=new Map;error=null;refused=null;busy=!1;known="";get unsaved(){return this.drafts.size>0}look(e){let t=`${e.status} ${e.stages.map(r=>r.status).join()}`;t!==this.known&&(this.known=t,this.load())}async load(){try{this.take(await Gt(this.id)),this.error=null}catch(e){this.error=e}h()}take(e){this.found=e;for(let t of e.items){let r=this.drafts.get(t.clip_id);r&&this.change(t,r)}}draft(e){return this.drafts.get(e.clip_id)??{text:e.text,dropped:e.dropped}}change(e,t){t.text===e.text&&t.dropped===e.dropped?this.drafts.delete(e.clip_id):this.drafts.set(e.clip_id,t),h()}corrections(e){return e.flatMap(t=>{let r=this.draft(t),a=r.text.trim(),n=a===""||a===t.recognised_text?null:a;return n===null&&!r.dropped?[]:[{clip_id:t.clip_id,text:n,dropped:r.dropped}]})}async save(){if(this.found===null||this.busy)return!1;if(!this.unsaved)return!0;this.busy=!0,this.refused=null,h();let e=new Map(this.drafts);try{let t=await Qt(this.id,this.corrections(this.found.items));for(let[r,a]of e)this.drafts.get(r)===a&&this.drafts.delete(r);this.take(t),b(i("proofread.saved"))}catch(t){this.refused=t,b(M(t))}return this.busy=!1,h(),this.refused===null}async again(){if(await this.save()){this.busy=!0,h();try{await this.retrain()}catch(e){this.refused=e,b(M(e))}this.busy=!1,h()}}sorted(e){let t={confidence:(r,a)=>r.confidence-a.confidence||r.start-a.start,time:(r,a)=>r.start-a.start};return[...e].sort(t[this.order])}onKey(e){let t=e.target.closest("[data-test=clip]");if((e.ctrlKey||e.metaKey)&&e.key==="s")this.save();else if((e.ctrlKey||e.metaKey)&&e.key==="Enter")t?.querySelector("vl-player")?.toggle();else if(e.altKey&&e.key==="ArrowDown")this.move(t?.nextElementSibling);else if(e.altKey&&e.key==="ArrowUp")this.move(t?.previousElementSibling);else return;e.preventDefault()}move(e){e?.querySelector("textarea")?.focus()}render(e){this.look(e);let t=this.found;if(t===null)return this.error===null?F():this.error instanceof y&&this.error.status===409?o`<p class="notice" data-test="not-ready">${M(this.error)}</p>`:o`${w(this.error)}<button type="button" @click=${()=>this.load()}>${i("again")}</button>`;if(t.items.length===0)return o`<p class="notice">${i("proofread.none")}</p>`;let r=me(e),a=this.sorted(t.items);return o`
      <section class="proofread" data-test="proofread" @keydown=${n=>this.onKey(n)}>
        <p class="muted">${i(t.aligned?"proofread.lead_aligned":"proofread.lead")}</p>
        ${r?c:o`<p class="notice" data-test="not-ended">${i("proofread.not_ended")}</p>`}
        ${t.pending?o`<p class="notice warn" data-test="pending">${i("proofread.pending")}</p>`:c}
        <div class="row spread">
          ${this.orders()}
          <span class="muted small">${i("proofread.keys")}</span>
        </div>
        <ol class="clips">
          ${ne(a.slice(0,this.most),n=>n.clip_id,n=>ms({clip:n,draft:this.draft(n),src:re(this.id,"clip",`${n.clip_id}.wav`),editable:r&&!this.busy,unsaved:this.drafts.has(n.clip_id),change:l=>this.change(n,l)}))}
        </ol>
        ${a.length>this.most?o`<button
              type="button"
              data-test="more"
              @click=${()=>{this.most+=ft,h()}}
            >
              ${i("proofread.more",{count:a.length-this.most})}
            </button>`:c}
        ${r?this.bar(t):c}
      </section>
    `}orders(){return o`
      <label class="row small">
        ${i("proofread.order")}
        <select
          data-test="order"
          @change=${e=>{this.order=e.target.value,this.most=ft,h()}}
        >
          ${["confidence","time"].map(e=>o`<option value=${e} ?selected=${e===this.order}>${i(`proofread.by.${e}`)}</option>`)}
        </select>
      </label>
    `}bar(e){return o`
      <div class="card actions-bar" role="region" aria-label=${i("proofread.actions")}>
        ${w(this.refused)}
        <div class="row">
          <button
            type="button"
            data-test="save"
            ?disabled=${!this.unsaved||this.busy}
            aria-busy=${this.busy}
            @click=${()=>this.save()}
          >
            ${i("proofread.save")}
          </button>
          <button
            type="button"
            class="primary"
            data-test="retrain"
            ?disabled=${!this.unsaved&&!e.pending||this.busy}
            aria-describedby="retrain-hint"
            @click=${()=>this.again()}
          >
            ${i("proofread.retrain")}
          </button>
          <span class="muted small" role="status" data-test="unsaved">
            ${this.unsaved?i("proofread.unsaved",{count:this.drafts.size}):c}
          </span>
        </div>
        <p class="muted small" id="retrain-hint">${i("proofread.retrain_hint")}</p>
      </div>
    `}};var Be=class{constructor(e){this.id=e}id;made=null;error=null;refused=null;async load(){try{this.made=await Wt(this.id),this.error=null}catch(e){this.error=e}h()}async deleteAll(e){if(B(i("result.delete_sure",{name:e.exp_name})))try{await Kt(this.id);for(let t of e.audio_file_ids)await Ee(t).catch(r=>{if(!(r instanceof y)||![404,409].includes(r.status))throw r});b(i("result.deleted")),D("#/tasks")}catch(t){this.refused=t,h()}}render(e){let t=this.made;if(t===null)return this.error?o`${w(this.error)}`:F();let r=[...t.outputs].sort((a,n)=>Number(n.best)-Number(a.best));return o`
      ${r.length===0?o`<p class="notice">${i("result.none")}</p>`:c}
      ${t.target_text&&r.length?o`<p>${i("result.said")} <q>${t.target_text}</q></p>`:c}
      ${r.map(a=>this.candidate(a))} ${this.reference(t)} ${this.models(t.models)}
      <section class="card">
        <h2>${i("result.delete_title")}</h2>
        <p class="muted">${i("result.delete_what")}</p>
        ${w(this.refused)}
        <button class="danger" data-test="delete" @click=${()=>this.deleteAll(e)}>${i("result.delete")}</button>
      </section>
    `}candidate(e){let t=re(this.id,"output",e.filename);return o`
      <section class="card candidate" data-test="candidate" data-best=${e.best}>
        <div class="row spread">
          <h2>${e.best?i("result.best"):i("result.candidate")}</h2>
          ${e.best?o`<span class="badge good">${i("result.best_badge")}</span>`:c}
        </div>
        <vl-player .src=${t} .seconds=${e.seconds} .label=${e.filename}></vl-player>
        <dl class="facts">
          <div>
            <dt class="muted small">${i("result.wer")}</dt>
            <dd class="number">${k(e.word_error_rate)}</dd>
          </div>
          <div>
            <dt class="muted small">${i("result.similarity")}</dt>
            <dd class="number">${S(e.speaker_similarity,2)}</dd>
          </div>
          <div>
            <dt class="muted small">${i("result.length")}</dt>
            <dd class="number">${R(e.seconds)}</dd>
          </div>
        </dl>
        <p class="small muted">${i("result.heard")} <q>${e.heard_text}</q></p>
        <p class="small muted">${e.sovits_model} · ${e.gpt_model}</p>
        <a class="button" href=${t} download=${e.filename} data-test="download-output"
          >${i("result.download_audio",{size:st(e.size_bytes)})}</a
        >
      </section>
    `}reference(e){return e.ref_audio_path?o`
      <section class="card" data-test="reference">
        <h2>${i("result.reference")}</h2>
        <p class="muted">${e.ref_text}</p>
        <vl-player
          .src=${re(this.id,"ref_audio",e.ref_audio_path)}
          .label=${i("result.reference")}
        ></vl-player>
      </section>
    `:c}models(e){if(e.length===0)return c;let t=e.filter(a=>a.best),r=e.filter(a=>!a.best);return o`
      <section class="card">
        <h2>${i("result.weights")}</h2>
        <p class="muted">${i("result.weights_hint")}</p>
        <div class="row">${t.map(a=>this.model(a))}</div>
        ${r.length?o`<details ?open=${t.length===0}>
              <summary>${i("result.others")}</summary>
              <div class="row">${r.map(a=>this.model(a))}</div>
            </details>`:c}
      </section>
    `}model(e){let t=re(this.id,`${e.kind}_model`,e.filename);return o`<a class="button" href=${t} download=${e.filename} data-test="download-${e.kind}"
      >${e.filename} (${st(e.size_bytes)})</a
    >`}};var zs=500,oe=class{constructor(e,t){this.id=e;this.tab=t;this.progress=new Pe(e),this.proofread=new Fe(e,()=>this.retrain()),this.result=new Be(e),this.refresh(),this.listen()}id;tab;task=null;error=null;refused=null;connection="open";stream=null;last=0;refreshing=0;gone=!1;clock=window.setInterval(()=>this.task?.status==="running"&&h(),1e3);from="";progress;proofread;result;show(e){this.tab=e,e==="result"&&this.result.load()}title(){return this.task?`${this.task.exp_name} \xB7 ${i(`task.tab.${this.tab}`)}`:i("task.title")}get unsaved(){return this.proofread.unsaved}leave(){this.gone=!0,this.stream?.stop(),this.progress.stop(),clearTimeout(this.refreshing),clearInterval(this.clock)}listen(){this.stream?.stop(),this.stream=rs(this.id,this.last,e=>this.onEvent(e),e=>{this.connection=e,(e==="open"||e==="ended")&&this.soon(),h()})}onEvent(e){this.last=e.id,this.progress.onEvent(e),this.soon(),h()}soon(){this.refreshing||this.gone||(this.refreshing=window.setTimeout(()=>{this.refreshing=0,this.refresh()},zs))}async refresh(){try{let e=await Bt(this.id);if(this.gone)return;let t=this.task!==null&&this.task.status!==e.status&&me(e);this.task=e,this.error=null,t&&b(`${e.exp_name}: ${i(`status.${e.status}`)}`),t&&e.status==="completed"&&this.tab==="progress"&&D(O(this.id,"result")),this.tab==="result"&&this.result.load()}catch(e){if(this.gone)return;(this.task===null||e instanceof y&&e.status===404)&&(this.error=e),(!(e instanceof y)||e.status!==404)&&this.soon()}h()}async retrain(){await it(this.id,"text_feature"),D(O(this.id)),await this.refresh(),this.connection==="ended"&&this.listen()}async act(e){this.refused=null;try{await e(),await this.refresh(),this.connection==="ended"&&this.listen()}catch(t){this.refused=t,b(M(t)),h()}}render(){let e=this.task;return this.error?o`${w(this.error)}
        <p><a href="#/tasks">${i("task.back")}</a></p>`:e===null?F():o`
      <div class="task">
        <div class="row spread">
          <h1>${e.exp_name}</h1>
          <span class="badge ${e.status}" data-test="status" data-status=${e.status}
            >${i(`status.${e.status}`)}</span
          >
        </div>
        ${this.connection==="lost"?o`<p class="notice warn" role="status" data-test="connection">${i("task.lost")}</p>`:c}
        ${e.error?o`<div class="notice bad" role="alert" data-test="failure">
              <p>${I(e.error.key,e.error.args)}</p>
              ${e.error.code.startsWith("AUDIO_")?o`<a href="#/">${i("task.other_recording")}</a>`:c}
            </div>`:o`<p class="muted">${H(e)}</p>`}
        ${this.actions(e)} ${w(this.refused)}
        <nav class="tabs" aria-label=${i("task.tabs")}>
          ${nt.map(t=>o`
              <a
                href=${O(this.id,t)}
                data-test="tab-${t}"
                aria-current=${this.tab===t?"page":c}
                >${i(`task.tab.${t}`)}</a
              >
            `)}
        </nav>
        ${this[this.tab].render(e)}
      </div>
    `}actions(e){let t=me(e),r=["interrupted","failed","cancelled"].includes(e.status);return o`
      <div class="row actions">
        ${t?c:o`<button
              class="danger"
              data-test="cancel"
              @click=${()=>B(i("task.cancel_sure"))&&this.act(()=>Vt(this.id))}
            >
              ${i("task.cancel")}
            </button>`}
        ${r?o`<button class="primary" data-test="resume" @click=${()=>this.act(()=>jt(this.id))}>
              ${i("task.resume")}
            </button>`:c}
        ${t?o`
              <label>
                <span class="hidden">${i("task.retry_from")}</span>
                <select
                  data-test="retry-stage"
                  @change=${a=>{this.from=a.target.value}}
                >
                  <option value="">${i("task.retry_from")}</option>
                  ${is.map(a=>o`<option value=${a}>${i(`stage.${a}`)}</option>`)}
                </select>
              </label>
              <button data-test="retry" @click=${()=>this.act(()=>it(this.id,this.from||void 0))}>
                ${i("task.retry")}
              </button>
            `:c}
      </div>
    `}};var Ve=20,Fs=3e3,Bs=300,Ke=class{page=null;error=null;status;search;offset;typing=0;timer;asked=0;constructor(e){let t=e.get("status");this.status=ct.includes(t)?t:"",this.search=e.get("search")??"",this.offset=Math.max(0,Math.floor(Number(e.get("offset")))||0),this.load(),this.timer=window.setInterval(()=>document.visibilityState==="visible"&&void this.load(),Fs)}title(){return i("tasks.title")}leave(){clearInterval(this.timer),clearTimeout(this.typing),this.asked=-1}async load(){if(this.asked<0)return;let e=++this.asked;try{let t=await Ft(this.status,this.search,Ve,this.offset);if(e!==this.asked)return;this.page=t,this.error=null}catch(t){if(e!==this.asked)return;this.error=t}h()}choose(e){let t={status:this.status,search:this.search,offset:0,...e},r=Object.entries(t).filter(([,n])=>n!==""&&n!==0),a=new URLSearchParams(r.map(([n,l])=>[n,String(l)])).toString();history.replaceState(null,"",`#/tasks${a?`?${a}`:""}`),this.status=t.status,this.search=t.search,this.offset=t.offset,this.load()}onSearch(e){let t=e.target.value.trim();clearTimeout(this.typing),this.typing=window.setTimeout(()=>this.choose({search:t}),Bs)}render(){return o`
      <section class="tasks">
        <h1>${i("tasks.title")}</h1>
        <div class="row filters" role="search">
          <label class="grow">
            <span class="hidden">${i("tasks.search")}</span>
            <input
              type="search"
              placeholder=${i("tasks.search")}
              .value=${this.search}
              @input=${e=>this.onSearch(e)}
              data-test="search"
            />
          </label>
          <label>
            <span class="hidden">${i("tasks.filter")}</span>
            <select
              data-test="filter"
              @change=${e=>this.choose({status:e.target.value})}
            >
              <option value="" ?selected=${this.status===""}>${i("tasks.all")}</option>
              ${ct.map(e=>o`<option value=${e} ?selected=${this.status===e}>${i(`status.${e}`)}</option>`)}
            </select>
          </label>
        </div>
        ${w(this.error)} ${this.page===null?this.error?c:F():this.list(this.page)}
      </section>
    `}list(e){if(e.items.length===0){let t=this.status===""&&this.search==="";return o`<div class="card empty">
        <p>${i(t?"tasks.none":"tasks.none_found")}</p>
        ${t?o`<button class="primary" @click=${()=>D("#/")}>${i("tasks.first")}</button>`:c}
      </div>`}return o`
      <ul class="list">
        ${ne(e.items,t=>t.id,t=>this.item(t))}
      </ul>
      ${this.pages(e)}
    `}item(e){let t=e.status==="completed"?O(e.id,"result"):O(e.id),r=e.status==="running"||e.status==="interrupted",a=e.started_at&&e.completed_at?R((Date.parse(e.completed_at)-Date.parse(e.started_at))/1e3):"";return o`
      <li class="card item" data-test="task">
        <a href=${t}>${e.exp_name}</a>
        <span class="badge ${e.status}">${i(`status.${e.status}`)}</span>
        <span class="facts muted small">
          ${Nt(e.created_at)} · ${i(`quality.${e.quality}`)}
          ${e.detected_language?o` · ${_("language",e.detected_language)}`:c}
          ${a?o` · ${i("tasks.took",{time:a})}`:c}
          ${e.queue_position?o` · ${i("tasks.position",{position:e.queue_position})}`:c}
          ${e.status==="failed"?o`<br />${H(e)}`:c}
        </span>
        ${r?o`<progress max="1" .value=${e.progress} aria-label=${i("tasks.progress")}></progress>`:c}
      </li>
    `}pages(e){if(e.total<=Ve&&this.offset===0)return c;let t=Math.min(e.total,this.offset+e.items.length);return o`
      <nav class="row spread" aria-label=${i("tasks.pages")}>
        <button
          ?disabled=${this.offset===0}
          @click=${()=>this.choose({offset:Math.max(0,this.offset-Ve)})}
          data-test="newer"
        >
          ${i("tasks.newer")}
        </button>
        <span class="muted number">${i("tasks.range",{first:this.offset+1,last:t,total:e.total})}</span>
        <button
          ?disabled=${t>=e.total}
          @click=${()=>this.choose({offset:this.offset+Ve})}
          data-test="older"
        >
          ${i("tasks.older")}
        </button>
      </nav>
    `}};var Vs=["audio/webm;codecs=opus","audio/mp4","audio/ogg;codecs=opus"],je=class{constructor(e){this.done=e}done;recorder=null;chunks=[];began=0;level=0;timer=0;wanted=!0;sound=null;trouble="";close(){this.stop(!1)}async start(){this.trouble="";let e;try{e=await navigator.mediaDevices.getUserMedia({audio:{echoCancellation:!1,noiseSuppression:!1,autoGainControl:!1}})}catch(a){let n=a instanceof DOMException&&a.name==="NotAllowedError";this.trouble=n?"record.refused":"record.no_microphone",b(i(this.trouble)),h();return}let t=Vs.find(a=>MediaRecorder.isTypeSupported(a))??"",r=new MediaRecorder(e,{...t?{mimeType:t}:{},audioBitsPerSecond:128e3});this.chunks=[],this.wanted=!0,r.ondataavailable=a=>this.chunks.push(a.data),r.onstop=()=>this.finish(e,r.mimeType),r.start(1e3),this.recorder=r,this.began=Date.now(),this.meter(e),b(i("record.running")),h()}meter(e){let t=new AudioContext,r=t.createAnalyser();t.createMediaStreamSource(e).connect(r);let a=new Float32Array(r.fftSize);this.sound=t,this.timer=window.setInterval(()=>{r.getFloatTimeDomainData(a),this.level=a.reduce((n,l)=>Math.max(n,Math.abs(l)),0),h()},100)}stop(e){this.wanted=e,this.recorder?.state==="recording"&&this.recorder.stop()}finish(e,t){clearInterval(this.timer);for(let r of e.getTracks())r.stop();if(this.sound?.close(),this.recorder=null,this.wanted){let r=t.split(";")[0]||"audio/webm",a={"audio/mp4":"m4a","audio/ogg":"ogg"}[r]??"webm",n=new Date(this.began).toISOString().slice(0,19).replace(/[-:T]/g,"");this.done(new File(this.chunks,`${i("record.file")}-${n}.${a}`,{type:r}))}this.chunks=[],h()}button(){return this.recorder!==null||!navigator.mediaDevices?c:o`<button type="button" data-test="record" @click=${()=>this.start()}>${i("record.start")}</button>`}panel(){return this.trouble?o`<p class="notice bad" role="alert">${i(this.trouble)}</p>`:this.recorder===null?c:o`
      <div class="notice stack">
        <p class="muted">${i("record.read")}</p>
        <p class="lead">${i("record.text")}</p>
        <div class="row">
          <strong class="number">${T((Date.now()-this.began)/1e3)}</strong>
          <meter class="grow" min="0" max="1" high="0.98" .value=${this.level} aria-label=${i("record.level")}></meter>
          <button type="button" class="primary" data-test="stop-record" @click=${()=>this.stop(!0)}>
            ${i("record.stop")}
          </button>
          <button type="button" @click=${()=>this.stop(!1)}>${i("record.discard")}</button>
        </div>
      </div>
    `}};var Ks=88,vt=class extends V{media=new Audio;picture=null;shown=null;recolor=()=>{};levels=[];whole=0;source="";parts=[];name="";at=0;waiting=!1;error=null;onTheme=()=>this.recolor();constructor(){super(),this.media.preload="none",De(this.media);for(let e of["play","pause","seeked"])this.media.addEventListener(e,()=>this.changed());this.media.addEventListener("waiting",()=>this.wait(!this.media.paused));for(let e of["playing","pause"])this.media.addEventListener(e,()=>this.wait(!1));this.media.addEventListener("error",()=>{this.fail()})}set peaks(e){this.levels=e,this.changed()}set seconds(e){this.whole=e,this.changed()}set src(e){this.source=e,this.changed()}set regions(e){this.parts=e,this.changed()}set label(e){this.name=e,this.changed()}connectedCallback(){super.connectedCallback(),window.addEventListener("themechange",this.onTheme)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("themechange",this.onTheme),this.forget(),Ue(this.media)}play(e,t){this.error&&(this.error=null,this.media.load()),this.wait(this.media.readyState<HTMLMediaElement.HAVE_FUTURE_DATA),this.picture?.play(e,t).catch(()=>this.wait(!1))}pause(){this.media.pause()}forget(){this.picture?.destroy(),this.picture=null,this.shown=null,this.recolor=()=>{}}wait(e){this.waiting=e,this.changed()}async fail(){if(!this.media.getAttribute("src"))return;let e=await qe(this.media,this.source);this.isConnected&&(this.error=e,this.media.pause(),this.wait(!1))}drawn(){if(this.levels.length===0||this.whole<=0||this.shown?.peaks===this.levels&&this.shown.regions===this.parts)return;let e={peaks:this.levels,regions:this.parts};this.shown=e,this.paint(e).catch(t=>{this.error=t,this.changed()})}async paint(e){let[{default:t},{default:r}]=await Promise.all([import("./wavesurfer.esm-O7JBKOG2.js"),import("./regions.esm-EO3R2OYS.js")]);if(!this.isConnected||this.shown!==e)return;this.picture?.destroy();let a=r.create(),n=t.create({container:this.querySelector(".picture"),height:Ks,barWidth:2,barGap:1,barRadius:1,cursorWidth:2,media:this.media,url:this.source,peaks:[e.peaks.map(d=>d/255)],duration:this.whole,cspNonce:document.querySelector("script[nonce]")?.nonce??"",plugins:[a]});this.picture=n,n.on("timeupdate",d=>{this.at=d,this.changed()});let l=d=>z(d.kept?"--clip":"--clip-out");n.once("ready",()=>{for(let d of e.regions){let p=a.addRegion({start:d.start,end:d.end,color:l(d),drag:!1,resize:!1});p.element&&(p.element.title=d.title,p.element.style.cursor="pointer"),p.on("click",m=>{m.stopPropagation(),this.play(d.start,d.end)})}}),this.recolor=()=>{let d=z("--wave-played");n.setOptions({waveColor:z("--wave"),progressColor:d,cursorColor:d});for(let[p,m]of a.getRegions().entries()){let v=e.regions[p];v&&m.setOptions({color:l(v)})}},this.recolor()}seek(e){this.picture?.setTime(Math.min(Math.max(0,e),this.whole))}onKey(e){let t=ze(this.whole);if(e.key===" ")this.media.paused?this.play():this.pause();else if(e.key==="ArrowLeft"||e.key==="ArrowDown")this.seek(this.at-t);else if(e.key==="ArrowRight"||e.key==="ArrowUp")this.seek(this.at+t);else if(e.key==="Home")this.seek(0);else if(e.key==="End")this.seek(this.whole);else return;e.preventDefault()}template(){let e=!this.media.paused,[t,r]=[T(this.at),T(Math.round(this.whole))];return o`
      <button
        class="round"
        type="button"
        aria-label="${i(e?"player.pause":"player.play")}: ${this.name}"
        aria-busy=${this.waiting}
        data-test="play"
        @click=${()=>e?this.pause():this.play()}
      >
        ${this.waiting?o`<span class="spinner" aria-hidden="true"></span>`:e?Oe:He}
      </button>
      <div
        class="picture"
        role="slider"
        tabindex="0"
        aria-label="${i("player.position")}: ${this.name}"
        aria-valuemin="0"
        aria-valuemax=${Math.round(this.whole)}
        aria-valuenow=${Math.round(this.at)}
        aria-valuetext=${i("player.at",{at:t,whole:r})}
        @keydown=${a=>this.onKey(a)}
      ></div>
      <span class="number small muted" aria-hidden="true">${t} / ${r}</span>
      ${w(this.error)}
    `}};customElements.define("vl-wave",vt);var fe=class s{constructor(e,t,r=()=>{}){this.local=e;this.onRemove=t;this.changed=r;e!==null&&this.upload()}local;onRemove;changed;file=null;report=null;error=null;share=0;regions=[];titled="";abort=new AbortController;key=crypto.randomUUID();static known(e,t){let r=new s(null,t);return Dt(e).then(a=>(r.file=a,h(),r.inspect()),()=>t(r)),r}close(){this.abort.abort()}async upload(){this.error=null;let e=t=>{this.share=t,h()};try{this.file=await Yt(this.local,"",e,this.abort.signal,this.key),this.changed()}catch(t){this.abort.signal.aborted||this.fail(t);return}await this.inspect()}async inspect(){if(this.file!==null){this.error=null;try{this.report=await qt(this.file.file_id,this.abort.signal),b(this.verdict(this.report))}catch(e){this.abort.signal.aborted||this.fail(e)}h()}}fail(e){this.error=e,b(M(e)),h()}async remove(){if(this.file!==null){if(!B(i("report.remove_sure",{name:this.file.filename})))return;await Ee(this.file.file_id).catch(()=>null)}this.onRemove(this)}verdict(e){return I(e.verdict_key,e.verdict_args)}render(){let e=this.file?.filename??this.local?.name??"";return o`
      <section class="card recording" data-test="recording" aria-label=${e}>
        <div class="row spread">
          <h2>${e}</h2>
          <button type="button" class="plain" data-test="remove" @click=${()=>this.remove()}>${i("report.remove")}</button>
        </div>
        ${this.error?o`${w(this.error)}
              <button type="button" @click=${()=>this.file?this.inspect():this.upload()}>${i("again")}</button>`:this.report?this.found(this.report):this.waiting()}
      </section>
    `}waiting(){return this.file!==null||this.share>=1?o`<p role="status"><span class="spinner" aria-hidden="true"></span> ${i("report.listening")}</p>`:o`<label>
      ${i("report.uploading",{share:k(this.share)})}
      <progress max="1" .value=${this.share}></progress>
    </label>`}clipRegions(e){return this.titled!==Y()&&(this.titled=Y(),this.regions=e.clips.map(t=>({start:t.start,end:t.start+t.seconds,kept:t.kept,title:t.kept?T(t.start):i("report.left_out",{reason:_("reason",t.drop_reason??"")})}))),this.regions}found(e){let t=e.clips.filter(r=>!r.kept);return o`
      <p data-test="verdict">
        <span class="badge ${e.outlook}">${i(`outlook.${e.outlook}`)}</span> ${this.verdict(e)}
      </p>
      ${e.problem?o`<p class="notice bad" role="alert">${I(e.problem.key,e.problem.args)}</p>`:c}
      ${e.warnings.map(r=>o`<p class="notice warn">${H(r)}</p>`)}
      <vl-wave
        data-test="wave"
        .peaks=${e.peaks}
        .seconds=${e.seconds}
        .src=${Ut(e.file_id)}
        .regions=${this.clipRegions(e)}
        .label=${this.file?.filename??""}
      ></vl-wave>
      <dl class="facts">
        ${this.fact("usable",R(e.usable_seconds))} ${this.fact("length",R(e.seconds))}
        ${this.fact("snr",`${S(e.snr_db)} dB`)} ${this.fact("clipping",k(e.clipping_ratio,1))}
        ${this.fact("loudness",`${S(e.loudness_lufs)} LUFS`)}
        ${this.fact("silence",k(e.silence_ratio))}
      </dl>
      <details>
        <summary>${i("report.clips",{kept:e.clips.length-t.length,all:e.clips.length})}</summary>
        <ul class="small">
          ${e.clips.map(r=>o`<li>
              ${T(r.start)}–${T(r.start+r.seconds)}:
              ${r.kept?i("report.kept"):i("report.left_out",{reason:_("reason",r.drop_reason??"")})}
            </li>`)}
        </ul>
      </details>
    `}fact(e,t){return o`<div>
      <dt class="muted small">${i(`report.${e}`)}</dt>
      <dd class="number">${t}</dd>
    </div>`}};var js="audio/*,video/mp4,.m4a,.opus,.flac,.webm",Ws=10,$t="voiceloom.train";function Gs(s){return[...s.replace(/\.[^.]*$/,"").normalize("NFC").replace(/[^\p{L}\p{M}\p{Nd}_-]+/gu,"-").replace(/^[-\p{M}]+|-+$/gu,"")].slice(0,64).join("")}function gs(s){let e=[...s.normalize("NFC")].length;return e>=1&&e<=64&&/^[\p{L}\p{Nd}_-][\p{L}\p{M}\p{Nd}_-]*$/u.test(s.normalize("NFC"))}var We=class{cards=[];recorder=new je(e=>this.add([e]));pack=null;name="";quality="standard";language="auto";say="";transcript="";dragging=!1;starting=!1;error=null;key={of:"",value:""};onDrag=e=>this.drag(e);constructor(){for(let e of["dragenter","dragover","dragleave","drop"])window.addEventListener(e,this.onDrag);this.restore(),Ae().then(e=>{this.pack=e,h()},()=>{})}title(){return i("train.title")}leave(){for(let e of["dragenter","dragover","dragleave","drop"])window.removeEventListener(e,this.onDrag);this.recorder.close();for(let e of this.cards)e.close()}restore(){let e=JSON.parse(sessionStorage.getItem($t)??"null");e!==null&&(this.name=e.name,this.quality=e.quality,this.language=e.language,this.say=e.say,this.transcript=e.transcript,this.cards=e.files.map(t=>fe.known(t,r=>this.remove(r))))}keep(){let e=this.cards.flatMap(d=>d.file?[d.file.file_id]:[]),{name:t,quality:r,language:a,say:n,transcript:l}=this;sessionStorage.setItem($t,JSON.stringify({files:e,name:t,quality:r,language:a,say:n,transcript:l}))}drag(e){e.dataTransfer?.types.includes("Files")&&(e.preventDefault(),this.dragging=e.type==="dragenter"||e.type==="dragover",e.type==="drop"&&this.add([...e.dataTransfer.files]),h())}add(e){for(let t of e)this.cards.push(new fe(t,r=>this.remove(r),()=>this.keep())),this.name===""&&(this.name=Gs(t.name));this.keep(),h()}remove(e){e.close(),this.cards=this.cards.filter(t=>t!==e),this.keep(),h()}get usable(){return this.cards.reduce((e,t)=>e+(t.report?.usable_seconds??0),0)}get obstacle(){return this.cards.length===0?"train.no_recording":this.cards.some(e=>e.error)?"train.bad_recording":this.cards.some(e=>e.report===null)?"train.not_ready":this.cards.some(e=>e.report?.problem&&e.report.problem.code!=="AUDIO_TOO_SHORT")?"train.bad_recording":this.usable<Ws?"train.too_short":gs(this.name)?"":"train.name_rule"}async start(e){if(e.preventDefault(),this.starting||this.obstacle)return;let t={exp_name:this.name.normalize("NFC"),audio_file_ids:this.cards.flatMap(a=>a.file?[a.file.file_id]:[]),options:{quality:this.quality,language:this.language,...this.transcript.trim()?{transcript:this.transcript}:{},...this.say.trim()?{inference:{target_text:this.say}}:{}}},r=JSON.stringify(t);this.key.of!==r&&(this.key={of:r,value:crypto.randomUUID()}),this.starting=!0,this.error=null,h();try{let a=await zt(t,this.key.value);sessionStorage.removeItem($t),D(O(a.id))}catch(a){this.error=a,b(M(a))}this.starting=!1,h()}render(){return o`
      <div class="train">
        <h1>${i("train.title")}</h1>
        <p class="muted">${i("train.lead")}</p>
        ${this.dropZone()}
        ${ne(this.cards,e=>e,e=>e.render())}
        ${this.cards.length>1?o`<p class="notice">${i("train.together",{time:R(this.usable)})}</p>`:c}
        ${this.form()}
      </div>
    `}dropZone(){return o`
      <section class="card drop ${this.dragging?"over":""}" data-test="drop" aria-label=${i("train.drop_label")}>
        <p class="lead">${i("train.drop")}</p>
        <div class="row">
          <label class="button primary">
            ${i("train.choose")}
            <input
              type="file"
              class="hidden"
              multiple
              accept=${js}
              data-test="file"
              @change=${e=>{let t=e.target;this.add([...t.files??[]]),t.value=""}}
            />
          </label>
          ${this.recorder.button()}
        </div>
        ${this.recorder.panel()}
        <p class="muted small">${i("train.formats")}</p>
      </section>
    `}typed(e){return t=>{this[e]=t.target.value,this.keep(),h()}}form(){let e=this.obstacle,t=this.name!==""&&!gs(this.name),r=this.pack?.languages??[];return o`
      <form class="card stack" @submit=${a=>this.start(a)}>
        <div class="field">
          <label for="name">${i("train.name")}</label>
          <input
            id="name"
            type="text"
            autocomplete="off"
            data-test="name"
            aria-invalid=${t}
            aria-describedby="name-rule"
            .value=${L(this.name)}
            @input=${this.typed("name")}
          />
          <span id="name-rule" class="small ${t?"bad-text":"muted"}">${i("train.name_rule")}</span>
        </div>
        <fieldset class="qualities">
          <legend>${i("train.quality")}</legend>
          ${as.map(a=>o`
              <label class="quality">
                <input
                  type="radio"
                  name="quality"
                  value=${a}
                  data-test="quality-${a}"
                  .checked=${L(this.quality===a)}
                  @change=${()=>{this.quality=a,this.keep(),h()}}
                />
                <strong>${i(`quality.${a}`)}</strong>
                <span class="muted small">${i(`quality_hint.${a}`)}</span>
              </label>
            `)}
        </fieldset>
        <div class="field">
          <label for="language">${i("train.language")}</label>
          <select
            id="language"
            @change=${a=>{this.language=a.target.value,this.keep(),h()}}
          >
            ${["auto",...r].map(a=>o`<option value=${a} ?selected=${a===this.language}>${_("language",a)}</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="say">${i("train.say")}</label>
          <textarea id="say" rows="2" data-test="say" .value=${L(this.say)} @input=${this.typed("say")}></textarea>
        </div>
        <details>
          <summary>${i("train.transcript")}</summary>
          <div class="field">
            <label for="transcript" class="small muted">${i("train.transcript_hint")}</label>
            <textarea
              id="transcript"
              rows="4"
              data-test="transcript"
              .value=${L(this.transcript)}
              @input=${this.typed("transcript")}
            ></textarea>
          </div>
        </details>
        ${w(this.error)}
        <div class="row">
          <button
            type="submit"
            class="primary big"
            data-test="start"
            ?disabled=${e!==""||this.starting}
            aria-describedby="obstacle"
          >
            ${i(this.starting?"train.starting":"train.start")}
          </button>
          <span id="obstacle" class="muted" role="status">${e?i(e):""}</span>
        </div>
      </form>
    `}};var x,le,$s=null,fs="";function Qs(s){switch(s.name){case"train":return new We;case"tasks":return new Ke(s.search);case"task":return new oe(s.id,s.tab);case"missing":return new Re}}function vs(){let s=Xt(location.hash),e=s.name==="task"&&x instanceof oe&&x.id===s.id;if(x?.unsaved&&!e&&!B(i("unsaved_sure"))){history.pushState(null,"",fs);return}fs=location.hash||"#/",le=s,le.name==="task"&&x instanceof oe&&x.id===le.id?x.show(le.tab):(x?.leave?.(),x=Qs(le),window.scrollTo(0,0)),b(x.title()),h()}async function Js(){let s=Y()==="zh"?"en":"zh";await et(s),b(x.title()),h()}function Ys(){let s=t=>t.includes(le.name)?"page":c,e=$s?.languages.map(t=>_("language",t)).join(", ");return o`
    <header class="bar">
      <a class="brand" href="#/"><span class="logo" aria-hidden="true"></span>Voiceloom</a>
      <nav aria-label=${i("nav.label")}>
        <a href="#/" aria-current=${s(["train"])}>${i("nav.train")}</a>
        <a href="#/tasks" aria-current=${s(["tasks","task"])}>${i("nav.tasks")}</a>
      </nav>
      ${e?o`<span class="pack muted">${i("nav.speaks",{languages:e})}</span>`:c}
      <div class="tools">
        <button class="plain" lang=${Y()==="zh"?"en":"zh-CN"} @click=${Js} data-test="language">
          ${Y()==="zh"?"English":"\u4E2D\u6587"}
        </button>
        <button
          class="plain"
          data-test="theme"
          @click=${()=>{es(),h()}}
        >
          ${i(`theme.${Se()}`)}
        </button>
      </div>
    </header>
  `}function Xs(){return o`
    <a class="skip" href="#main" @click=${Zs}>${i("nav.skip")}</a>
    ${Ys()}
    <main id="main" tabindex="-1">${x.render()}</main>
    <footer class="muted">${i("footer.voices")} <a href="/docs">${i("footer.api")}</a></footer>
  `}function Zs(s){s.preventDefault(),document.getElementById("main")?.focus()}async function er(){lt(),Zt();let s=document.getElementById("app"),e=!1;ts(()=>{e||(e=!0,requestAnimationFrame(()=>{e=!1,document.title=`${x.title()} \xB7 Voiceloom`,Te(Xs(),s)}))});try{await et(Lt())}catch{s.textContent="\u670D\u52A1\u6682\u65F6\u65E0\u6CD5\u8BBF\u95EE\uFF0C\u6B63\u5728\u91CD\u8BD5\u2026\u2026 / The server does not answer; trying again\u2026",setTimeout(()=>location.reload(),3e3);return}s.replaceChildren(),window.addEventListener("hashchange",vs),window.addEventListener("beforeunload",t=>x?.unsaved&&t.preventDefault()),vs(),$s=await Ae().catch(()=>null),h()}er();
