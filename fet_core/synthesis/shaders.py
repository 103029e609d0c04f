"""GLSL programs of the renderer."""

DEPTH_VERTEX = """
#version 330
uniform mat4 view;
in vec3 position;
void main() { gl_Position = view * vec4(position, 1.0); }
"""

DEPTH_FRAGMENT = """
#version 330
void main() {}
"""

CUT_VERTEX = """
#version 330
uniform mat4 view;
in vec3 position;
in vec2 uv;
out vec2 at;
void main() { at = uv; gl_Position = view * vec4(position, 1.0); }
"""

CUT_FRAGMENT = """
#version 330
uniform sampler2D picture;
in vec2 at;
void main() { if (texture(picture, at).a < 0.5) discard; }
"""

BACKDROP_VERTEX = """
#version 330
in vec2 corner;
out vec2 at;
void main() { at = corner; gl_Position = vec4(corner, 0.9999, 1.0); }
"""

BACKDROP_FRAGMENT = """
#version 330
uniform vec3 middle;
uniform vec3 edge;
uniform vec2 centre;
in vec2 at;
out vec4 colour;
void main() {
    float far = smoothstep(0.0, 1.7, length(at - centre));
    colour = vec4(mix(middle, edge, far), 1.0);
}
"""

VERTEX = """
#version 330
uniform mat4 view;
uniform vec3 eye;
uniform float nearer;
in vec3 position;
in vec3 normal;
in vec2 uv;
in vec3 light;
in float key_seen;
in vec3 rest;
out vec3 world;
out vec3 bent;
out vec2 at;
out vec3 lit;
out float keyed;
out vec3 origin;
void main() {
    world = position; bent = normal; at = uv; lit = light; keyed = key_seen; origin = rest;
    gl_Position = view * vec4(position, 1.0);
    // Hair, brows and lashes count as nearer than they are, or the skin would come through.
    vec4 before = view * vec4(position + nearer * normalize(eye - position), 1.0);
    gl_Position.z = before.z / before.w * gl_Position.w;
}
"""

# One program for all materials; `kind` chooses: 0 skin, 1 eyeball, 2 cornea, 3 hair,
# 4 brows and lashes, 5 teeth, 6 tongue.
FRAGMENT = """
#version 330
uniform int kind;
uniform sampler2D picture;
uniform sampler2D second;
uniform float mixture;
uniform vec3 eye;
uniform vec3 key;
uniform vec3 fill;
uniform vec3 tone;
uniform vec3 tint;
uniform vec3 shirt;
uniform vec2 collar;
uniform float beard;
uniform float cutoff;
uniform float shade;
uniform float weight;
uniform vec4 mouth;
in vec3 world;
in vec3 bent;
in vec2 at;
in vec3 lit;
in float keyed;
in vec3 origin;
out vec4 colour;

float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x),
               mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }
float grey(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

// Microfacet highlight (GGX, Schlick's Fresnel and a cheap visibility term).
float shine(vec3 n, vec3 v, vec3 l, float rough, float f0) {
    vec3 h = normalize(v + l);
    float nl = max(dot(n, l), 0.0), nv = max(dot(n, v), 0.05), nh = max(dot(n, h), 0.0);
    float a2 = rough * rough * rough * rough;
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float fresnel = f0 + (1.0 - f0) * pow(1.0 - max(dot(v, h), 0.0), 5.0);
    return nl * fresnel * a2 / (3.14159 * d * d) / (4.0 * max(nl * nv, 0.1)) ;
}

void main() {
    vec3 v = normalize(eye - world);
    vec3 n = normalize(bent);
    if (!gl_FrontFacing && kind == 3) n = -n;
    vec4 texel = texture(picture, at);
    if (kind == 0) {
        float reach = length(vec2(origin.x, 0.35 * origin.z)) / collar.y;
        if (origin.y < collar.x + 0.35 * collar.y * (reach - 0.62)) {
            float weave = 0.93 + 0.07 * noise(at * 900.0);
            colour = vec4(shirt * weave * lit + 0.002, 1.0);
            return;
        }
        vec3 albedo = linear(mix(texel.rgb, texture(second, at).rgb, mixture)) * tone;
        vec3 from = origin - mouth.xyz;
        // The shade of a shaved beard: round the mouth, along the jaw, under the chin.
        if (beard > 0.0) {
            float s = mouth.w;
            float low = smoothstep(0.42, 0.05, from.y / s) * smoothstep(-1.6, -1.05, from.y / s);
            float jaw = smoothstep(-1.1, -0.45, from.z / s);
            float cheek = smoothstep(0.05, -0.35, from.y / s - 0.75 * (abs(from.x) / s - 0.42));
            float lips = smoothstep(0.20, 0.34, length(from.xy * vec2(0.52, 1.25) / s));
            float grain = 0.75 + 0.5 * noise(at * 1400.0);
            albedo *= 1.0 - beard * 0.42 * low * jaw * max(cheek, 0.0) * lips * grain
                      * vec3(1.0, 0.92, 0.86);
        }
        float pore = 0.85 + 0.3 * noise(at * 1100.0);
        float rough = 0.52;
        float spec = shine(n, v, key, rough, 0.028) * keyed * 2.2
                   + shine(n, v, fill, 0.6, 0.028) * 0.5;
        float open = grey(lit);
        float rim = pow(1.0 - max(dot(n, v), 0.0), 4.0) * 0.05 * open;
        colour = vec4(albedo * lit + (spec * pore * min(open, 1.0) * 0.55 + rim), 1.0);
    } else if (kind == 1) {
        vec3 albedo = linear(texel.rgb);
        // The painted brown is a dark red.
        albedo.gb = max(albedo.gb, albedo.r * vec2(0.46, 0.24));
        albedo = mix(vec3(grey(albedo)), albedo, 0.72) * 0.92 * tint;
        colour = vec4(albedo * lit, 1.0);
    } else if (kind == 2) {
        // The soft boxes mirrored: their edges are what makes an eye look wet.
        vec3 mirrored = reflect(-v, n);
        float spec = 0.75 * keyed * smoothstep(0.90, 0.955, dot(mirrored, key))
                   + 0.10 * keyed * smoothstep(0.88, 0.96, dot(mirrored, normalize(fill)));
        colour = vec4(vec3(min(spec, 1.2)), 0.0);
    } else if (kind == 3) {
        float a = texel.a;
        if (a < cutoff) discard;
        // The texture gives the strands, `tint` the colour: its own mean shade is divided out.
        float strand = pow(grey(linear(texel.rgb / max(a, 0.02))) / shade, 0.8);
        strand = min(strand, 3.0);
        vec3 base = tint * (0.3 + 0.7 * max(strand, 0.3));
        vec3 side = normalize(cross(n, vec3(0.0, 1.0, 0.15)) + vec3(1e-4));
        vec3 along = normalize(cross(side, n));
        float sink = dot(along, normalize(v + key));
        float gloss = pow(max(1.0 - sink * sink, 0.0), 30.0) * keyed;
        vec3 sheen = (0.015 + 0.25 * tint) * gloss * strand;
        colour = vec4((base * lit + sheen * 0.6), 1.0) * a;
    } else if (kind == 4) {
        // Single faint hairs would run together into a line at this size.
        float a = weight * smoothstep(0.06, 0.75, texel.a);
        if (a < 0.01) discard;
        colour = vec4(tint * lit, 1.0) * a;
    } else if (kind == 5) {
        vec3 albedo = linear(texel.rgb / max(texel.a, 0.02));
        albedo = mix(albedo, vec3(grey(albedo)) * vec3(1.0, 0.94, 0.84), 0.7) * 1.2;
        colour = vec4(albedo * lit + shine(n, v, key, 0.3, 0.04) * keyed * 0.4, 1.0);
    } else {
        vec3 albedo = linear(texel.rgb) * vec3(0.75, 0.55, 0.55);
        colour = vec4(albedo * lit + shine(n, v, key, 0.45, 0.03) * keyed * 0.4, 1.0);
    }
}
"""
