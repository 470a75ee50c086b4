import{U as O,V as N,Y as F,a as A,k as g,n as x,p as y,w as I}from"./chunk-DSKSQ2TM.js";var P=n=>2595*Math.log10(1+n/700),C=n=>700*(10**(n/2595)-1);function E(n,t){let r=n.length;for(let e=1,o=0;e<r;e++){let s=r>>1;for(;o&s;s>>=1)o^=s;o^=s,e<o&&([n[e],n[o]]=[n[o],n[e]],[t[e],t[o]]=[t[o],t[e]])}for(let e=2;e<=r;e<<=1){let o=e>>1;for(let s=0;s<o;s++){let i=-2*Math.PI*s/e,[u,c]=[Math.cos(i),Math.sin(i)];for(let h=s;h<r;h+=e){let[m,l]=[h,h+o],[f,a]=[n[l],t[l]],[p,b]=[f*u-a*c,f*c+a*u];n[l]=n[m]-p,t[l]=t[m]-b,n[m]=n[m]+p,t[m]=t[m]+b}}}}function W(n,t,r){return C(P(r/2)*(t-n-.5)/t)}function B(n,t,r,e){let o=Float32Array.from({length:1024},(l,f)=>.5-.5*Math.cos(2*Math.PI*f/1024)),s=new Float32Array(1024),i=new Float32Array(1024),u=new Float32Array(1024/2+1),c=new Float32Array(r*e),h=Array.from({length:e},(l,f)=>W(f,e,t)*1024/t),m=-1/0;for(let l=0;l<r;l++){let f=Math.round((l+.5)*n.length/r)-512;for(let a=0;a<1024;a++)s[a]=(n[f+a]??0)*o[a];i.fill(0),E(s,i);for(let a=0;a<u.length;a++)u[a]=s[a]**2+i[a]**2;for(let a=0;a<e;a++){let p=h[a],b=Math.floor(p),[M,_]=[u[b],u[b+1]??0],v=10*Math.log10(M+(_-M)*(p-b)+1e-12);c[a*r+l]=v,v>m&&(m=v)}}for(let l=0;l<c.length;l++)c[l]=Math.max(0,1+(c[l]-m)/80);return{levels:c,columns:r,rows:e}}var R=900,d=192,w=[[20,11,52],[64,60,135],[42,118,142],[53,183,121],[170,220,50],[253,231,37]],S="/api/v1",$=44100;function U(n){let t=Math.min(Math.max(n,0),.9999)*(w.length-1),[r,e]=[w[Math.floor(t)],w[Math.floor(t)+1]],o=s=>{let[i,u]=[r[s],e[s]];return Math.round(i+(u-i)*(t%1))};return[o(0),o(1),o(2)]}function k(n){let t=new DataView(n),e=n.byteLength>28&&t.getUint32(0)===1380533830?t.getUint32(24,!0):$;return e>=8e3&&e<=96e3?e:$}var D=class extends F{source=null;name="";heard=null;painted=null;error=null;set sound(t){t!==this.source&&(this.source=t,this.heard=null,this.load(t))}set label(t){this.name=t,this.changed()}async load(t){this.error=null;try{let e=await(typeof t=="string"?await I(t.slice(S.length)):t).arrayBuffer(),o=await new OfflineAudioContext(1,1,k(e)).decodeAudioData(e);this.source===t&&(this.heard=o)}catch(r){this.source===t&&(this.error=r)}this.changed()}drawn(){let t=this.querySelector("canvas"),r=this.heard;if(t===null||r===null||this.painted===r)return;this.painted=r;let{levels:e,columns:o,rows:s}=B(r.getChannelData(0),r.sampleRate,R,d),i=t.getContext("2d");if(i===null)return;let u=i.createImageData(o,s);for(let[c,h]of e.entries())u.data.set([...U(h),255],c*4);i.putImageData(u,0,0)}template(){if(this.error)return A`${O(this.error)}`;let t=this.heard;if(t===null)return N();let r=e=>g("spectrogram.khz",{pitch:x(W(e,d,t.sampleRate)/1e3,1)});return A`
      <div class="picture">
        <canvas
          width=${R}
          height=${d}
          role="img"
          aria-label=${g("spectrogram.of",{name:this.name,time:y(t.duration)})}
          data-test="spectrogram"
        ></canvas>
        <ul class="pitches small muted number" aria-hidden="true">
          <li>${r(0)}</li>
          <li>${r(d/2)}</li>
          <li>${r(d-1)}</li>
        </ul>
      </div>
      <p class="small muted">${g("spectrogram.hint")}</p>
    `}};customElements.define("vl-spectrogram",D);export{D as Spectrogram};
